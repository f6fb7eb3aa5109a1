namespace Messaging.Toolkit.Diagnostics.Health;

/// <summary>Something that is not as it should be.</summary>
/// <param name="Text">What, in a sentence that tells no secret.</param>
/// <param name="IsDegraded">Whether work still goes on.</param>
internal readonly record struct Finding(string Text, bool IsDegraded);
