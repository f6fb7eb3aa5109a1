using Messaging.Toolkit.Testing.Worlds;

namespace Messaging.Toolkit.Testing.Faults;

/// <summary>
/// Decides which faults happen. Whether one does depends on the seed, its kind and how often it could have happened
/// before, and on nothing else: so a run can be repeated with some of its faults and without the others.
/// </summary>
internal sealed class FaultPlan
{
    /// <summary>Enough to try everything and few enough to get somewhere between them.</summary>
    private const int MostOfAKind = 12;

    private readonly ulong seed;
    private readonly FaultRates rates;
    private readonly IReadOnlySet<FaultId>? only;
    private readonly ulong[] chances = new ulong[Enum.GetValues<FaultKind>().Length];
    private readonly int[] happened = new int[Enum.GetValues<FaultKind>().Length];

    /// <param name="seed">The run's.</param>
    /// <param name="rates">How probable they are.</param>
    /// <param name="only">Those that may happen, or null for all.</param>
    public FaultPlan(ulong seed, FaultRates rates, IReadOnlySet<FaultId>? only = null)
    {
        this.seed = seed;
        this.rates = rates;
        this.only = only;
    }

    /// <summary>Whether faults happen at the moment.</summary>
    public bool IsActive { get; set; }

    /// <summary>Those that happened, in their order.</summary>
    public List<FaultId> Happened { get; } = [];

    /// <summary>Where faults could happen, and how often they did.</summary>
    public Dictionary<FaultPoint, int> Coverage { get; } = [];

    /// <summary>Whether the fault happens here and now.</summary>
    public bool Happens(FaultKind kind, Operation operation) => Happens(kind, operation, out _);

    /// <summary>Whether the fault happens here and now, and a number from 0 to 1 that says how bad it is.</summary>
    public bool Happens(FaultKind kind, Operation operation, out double severity)
    {
        severity = 0;
        if (!IsActive || rates[kind] == 0)
        {
            return false;
        }

        var id = new FaultId(kind, chances[(int)kind]++);
        var point = new FaultPoint(kind, operation);
        var does = happened[(int)kind] < MostOfAKind
                   && (only?.Contains(id) ?? SeededRandom.Fraction(seed + (ulong)kind, id.Chance) < rates[kind]);
        Coverage[point] = Coverage.GetValueOrDefault(point) + (does ? 1 : 0);
        if (does)
        {
            happened[(int)kind]++;
            Happened.Add(id);
            severity = SeededRandom.Fraction(~seed + (ulong)kind, id.Chance);
        }

        return does;
    }
}

/// <summary>A fault that can be told to happen again.</summary>
/// <param name="Kind">What goes wrong.</param>
/// <param name="Chance">How often it could have happened before.</param>
internal readonly record struct FaultId(FaultKind Kind, ulong Chance)
{
    public override string ToString() => $"{Kind}#{Chance}";
}

/// <summary>A place at which a kind of fault can happen.</summary>
internal readonly record struct FaultPoint(FaultKind Kind, Operation Operation);
