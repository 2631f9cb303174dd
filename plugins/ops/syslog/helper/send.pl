# Lines of standard input to a log daemon's socket, a datagram each: Node has no such sockets.
# Where the socket is a stream (some daemons have one), each line ends in NUL there, as syslog(3) does it.
use strict;
use warnings;
use Socket;
use Errno qw(EPROTOTYPE);

my $path = shift;
my ($socket, $end) = (undef, '');

sub reach {
    for ([SOCK_DGRAM, ''], [SOCK_STREAM, "\0"]) {
        my ($type, $mark) = @$_;
        socket(my $s, AF_UNIX, $type, 0) or return;
        if (connect($s, pack_sockaddr_un($path))) {
            ($socket, $end) = ($s, $mark);
            return 1;
        }
        return unless $! == EPROTOTYPE;
    }
    return;
}
sub deliver {
    my $record = shift;
    $socket or reach() or return;
    my $sent = send($socket, $record . $end, 0);
    return 1 if defined $sent;
    # the daemon was started again, or is just being
    close $socket;
    undef $socket;
    return;
}

$SIG{PIPE} = 'IGNORE';
# the one who writes says when it ends
$SIG{$_} = 'IGNORE' for qw(INT TERM HUP);
my $lost = 0;
while (defined(my $line = <STDIN>)) {
    chomp $line;
    my $tries = $lost ? 1 : 20;
    my $done = 0;
    while ($tries-- > 0 && !($done = deliver($line))) {
        select undef, undef, undef, 0.1 if $tries > 0;
    }
    if ($done && $lost) {
        print STDERR "lost $lost\n";
        $lost = 0;
    } elsif (!$done) {
        print STDERR "fault $path: $!\n" unless $lost;
        $lost++;
    }
}
