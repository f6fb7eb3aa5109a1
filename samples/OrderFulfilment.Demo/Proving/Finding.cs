namespace OrderFulfilment.Demo.Proving;

/// <summary>Something that should not be.</summary>
internal sealed record Finding(FindingKind Kind, string Text);
