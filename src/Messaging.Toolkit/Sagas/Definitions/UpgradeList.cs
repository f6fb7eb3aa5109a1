namespace Messaging.Toolkit.Sagas.Definitions;

/// <summary>Collects the versions of a definition.</summary>
internal sealed class UpgradeList
{
    private readonly List<SagaUpgrade> upgrades = [];
    private readonly List<string> errors = [];

    public IReadOnlyList<SagaUpgrade> Upgrades => upgrades;

    public IReadOnlyList<string> Errors => errors;

    public void Add(int version, Action<SagaUpgrade> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        if (version != upgrades.Count + 2)
        {
            errors.Add($"Version({version}) comes where Version({upgrades.Count + 2}) is expected: give all versions from 2 on, in their order");
        }

        var upgrade = new SagaUpgrade();
        configure(upgrade);
        upgrades.Add(upgrade);
    }
}
