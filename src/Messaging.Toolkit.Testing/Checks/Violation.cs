namespace Messaging.Toolkit.Testing;

/// <summary>Something that happened in a simulation and must never happen.</summary>
/// <param name="Rule">The guarantee (G1 to G12, see docs/guarantees.md) or the name of the invariant.</param>
/// <param name="Description">What was seen.</param>
/// <param name="MessageId">The message concerned, if it is about one.</param>
public sealed record Violation(string Rule, string Description, Guid? MessageId = null)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Rule}: {Description}";
}
