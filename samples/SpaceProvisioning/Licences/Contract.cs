namespace SpaceProvisioning.Licences;

/// <summary>The licences that were bought. Always: bought = free + those that are granted.</summary>
public sealed class Contract
{
    /// <summary>The only product that there is.</summary>
    public const string Space = "space";

    public required string Product { get; init; }

    public required int Bought { get; init; }

    public required int Free { get; set; }
}
