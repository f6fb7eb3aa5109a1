using System.Security.Cryptography;
using System.Text;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Sagas.Definitions;

/// <summary>What the definitions of sagas and process managers have in common.</summary>
internal abstract class InstanceDefinition(Type clrType, string? name, Type stateType, IReadOnlyList<SagaUpgrade> upgrades)
{
    /// <summary>It travels with each request, beside the name of the step: both together must fit into what every transport carries.</summary>
    public const int MaxNameLength = 80;

    public Type ClrType => clrType;

    /// <summary>The registered name; null is reported by <see cref="Validate"/>.</summary>
    public string Name => name ?? "";

    public Type StateType => stateType;

    /// <summary>What is kept of its instances as JSON.</summary>
    public virtual IEnumerable<Type> Stored => [stateType];

    /// <summary>The current version: the first has no upgrade.</summary>
    public int Version => upgrades.Count + 1;

    /// <summary>A digest of <see cref="Describe"/>.</summary>
    public string Shape => field ??= Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Describe())))[..16];

    /// <summary>The upgrades that lead from a version to the current one, in their order.</summary>
    public IEnumerable<SagaUpgrade> UpgradesFrom(int version) => upgrades.Skip(version - 1);

    /// <summary>A state that a version has written, as the current one reads it.</summary>
    public string MapState(string state, int version) => UpgradesFrom(version).Aggregate(state, static (json, upgrade) => upgrade.MapState(json));

    /// <summary>The names that an upgrade has taken away and that are there nevertheless, for something else.</summary>
    protected IEnumerable<string> ReusedNames => upgrades
        .SelectMany((upgrade, index) => upgrade.Former.Where(name => upgrades.Skip(index).Aggregate((string?)name, (now, next) => now is null ? null : next.NameOf(now)) != name))
        .Where(Has).Distinct(StringComparer.Ordinal);

    /// <summary>Whether there is such a step, or state.</summary>
    public abstract bool Has(string position);

    /// <summary>The messages that come to it, beside the toolkit's own.</summary>
    public abstract IEnumerable<Type> Incoming { get; }

    /// <summary>The commands whose replies come to it.</summary>
    public virtual IEnumerable<Type> Requests => [];

    /// <summary>The steps, or states, as far as stored instances depend on them.</summary>
    protected abstract string Describe();

    /// <summary>What is wrong with it, a sentence each.</summary>
    /// <param name="messages">The registered messages.</param>
    public virtual IEnumerable<string> Validate(IReadOnlyDictionary<Type, IMessageDefinition> messages)
    {
        if (name is null)
        {
            yield return $"{clrType.Name} has no name: begin its definition with .Named(\"...\"), for instance .Named(\"shop.checkout\").";
        }
        else if (Names.Refuse(name) is { } reason)
        {
            yield return $"The name {Names.Show(name)} of {clrType.Name} cannot be used: {reason}.";
        }
        else if (name.Length > MaxNameLength)
        {
            yield return $"The name {Names.Show(name)} of {clrType.Name} has {name.Length} characters, the limit is {MaxNameLength}.";
        }
    }
}
