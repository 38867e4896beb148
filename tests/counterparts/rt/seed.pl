# A desk with two queues, of which one lacks the fields for keys, an account with the rights that the connector names,
# one that may only see, and one that may do everything. Loaded by rt-setup-database; passwords of a database that lives on loopback for a test.
our @Queues = (
    { Name => 'Disputes', Description => 'Invoice disputes' },
    { Name => 'Bare',     Description => 'Without custom fields' },
);
our @CustomFields = (
    { Name => 'Reference', Type => 'FreeformSingle', LookupType => 'RT::Queue-RT::Ticket', Queue => ['Disputes'] },
    { Name => 'Request key', Type => 'FreeformSingle', LookupType => 'RT::Queue-RT::Ticket', Queue => ['Disputes'] },
    {
        Name       => 'Entry key', Type => 'FreeformSingle',
        LookupType => 'RT::Queue-RT::Ticket-RT::Transaction', Queue => ['Disputes'],
    },
);
our @Users = (
    { Name => 'connector', Password => 'connector-pass', EmailAddress => 'connector@desk.example', Privileged => 1 },
    { Name => 'reader',    Password => 'reader-pass',    EmailAddress => 'reader@desk.example',    Privileged => 1 },
    { Name => 'wide',      Password => 'wide-pass',      EmailAddress => 'wide@desk.example',      Privileged => 1 },
);
my @may = qw(SeeQueue CreateTicket ShowTicket ShowTicketComments ReplyToTicket CommentOnTicket ModifyTicket
    SeeCustomField ModifyCustomField);
our @ACL = ({ UserId => 'wide', Right => 'SuperUser' }, map {
    my $queue = $_;
    (
        (map { { UserId => 'connector', Queue => $queue, Right => $_ } } @may),
        (map { { UserId => 'reader',    Queue => $queue, Right => $_ } } qw(SeeQueue ShowTicket SeeCustomField)),
    )
} qw(Disputes Bare));
1;
