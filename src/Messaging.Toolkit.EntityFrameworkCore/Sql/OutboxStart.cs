namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>Where reading the outbox may begin.</summary>
/// <param name="Id">No row below it is there, and none will be seen.</param>
/// <param name="Mark">What is as it was when that was found, or it does not count: see <see cref="OutboxLook.MarkOf"/>.</param>
/// <param name="Sequence">The oid of the sequence that ids are drawn from.</param>
/// <param name="Since">The timestamp at which the first of this row of floors was found.</param>
internal sealed record OutboxStart(long Id, string Mark, long Sequence, long Since)
{
    /// <summary>The expression of the first id to read, with the parameters <c>@floor</c>, <c>@mark</c> and <c>@sequence</c>. Databases find its value once for each scan.</summary>
    public static readonly string Expression = $"CASE WHEN {OutboxLook.MarkOf("@sequence::oid")} = @mark THEN @floor ELSE 0 END";
}
