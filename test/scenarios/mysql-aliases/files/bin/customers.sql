create database maillist;
use maillist;
create table customers (alias_name varchar(100) primary key, system_name varchar(100), status varchar(10));
insert into customers values ('jessica.blum', 'jessica', 'paid'), ('unpaid', 'katie', 'late');
create user postfix@localhost identified by 'guitar';
grant select on maillist.* to postfix@localhost;
