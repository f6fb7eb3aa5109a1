using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

/// <summary>The connection of a context whose work was given up: it cannot be opened, so that what still runs has no effect without its transaction.</summary>
internal sealed class BarredConnection : DbConnection
{
    public const string Reason =
        "This unit of work was given up, because its time was over, and its transaction is rolled back: nothing can be read, saved or published with it any more. Listen to the cancellation token.";

    [AllowNull]
    public override string ConnectionString { get; set; } = "";

    public override string Database => "";

    public override string DataSource => "";

    public override string ServerVersion => "";

    public override ConnectionState State => ConnectionState.Closed;

    public override void Open() => throw new MessagingException(Reason);

    public override void Close() { }

    public override void ChangeDatabase(string databaseName) => throw new MessagingException(Reason);

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => throw new MessagingException(Reason);

    protected override DbCommand CreateDbCommand() => throw new MessagingException(Reason);
}
