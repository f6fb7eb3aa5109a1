using Messaging.Toolkit.Sagas;

namespace Messaging.Toolkit.Simulations.Sagas;

/// <summary>
/// Follows a parcel. Two events can begin it, and both must come until it is ready; what is packed before waits. Its events have keys of
/// their own, so that several want to change one instance at the same time.
/// </summary>
internal sealed class ParcelProcess : ProcessManager<Parcel>
{
    public const string Name = "parcels.parcel";

    public const string Patience = "patience";

    public const string Closing = "closing";

    /// <summary>How long each timeout takes.</summary>
    public static readonly IReadOnlyDictionary<string, TimeSpan> Delays = new Dictionary<string, TimeSpan>
    {
        [Patience] = TimeSpan.FromSeconds(1),
        [Closing] = TimeSpan.FromSeconds(2),
    };

    protected override void Define(IProcessBuilder<Parcel> process) => process
        .Named(Name)
        .Missing(MissingInstance.Park)
        .Initially(s => s
            .When<Ordered>(m => m.Parcel)
            .ThenAsync<SagasDb>((db, _, m, _, _) => NoteAsync(db, m.Parcel, nameof(Ordered)))
            .Then((parcel, m, _) => (parcel.Name, parcel.Items) = (m.Parcel, m.Items))
            .Schedule(Patience, Delays[Patience], parcel => new PatienceEnded(parcel.Name))
            .GoTo("waiting")
            .When<Paid>(m => m.Parcel)
            .ThenAsync<SagasDb>((db, _, m, _, _) => NoteAsync(db, m.Parcel, nameof(Paid)))
            .Then((parcel, m, _) => parcel.Name = m.Parcel)
            .Schedule(Patience, Delays[Patience], parcel => new PatienceEnded(parcel.Name))
            .GoTo("waiting"))
        .During("waiting", s => s
            .When<Ordered>(m => m.Parcel)
            .ThenAsync<SagasDb>((db, _, m, _, _) => NoteAsync(db, m.Parcel, nameof(Ordered)))
            .Then((parcel, m, _) => parcel.Items = m.Items)
            .Unschedule(Patience)
            .Schedule(Closing, Delays[Closing], parcel => new ClosingTime(parcel.Name))
            .GoTo("ready")
            .Complete((parcel, _) => parcel.IsPacked)
            .When<Paid>(m => m.Parcel)
            .ThenAsync<SagasDb>((db, _, m, _, _) => NoteAsync(db, m.Parcel, nameof(Paid)))
            .Unschedule(Patience)
            .Schedule(Closing, Delays[Closing], parcel => new ClosingTime(parcel.Name))
            .GoTo("ready")
            .Complete((parcel, _) => parcel.IsPacked)
            .When<Packed>(m => m.Parcel)
            .ThenAsync<SagasDb>((db, _, m, _, _) => NoteAsync(db, m.Parcel, m.Item))
            .Then((parcel, m, _) => parcel.Packed.Add(m.Item))
            .WhenTimeout<PatienceEnded>()
            .ThenAsync<SagasDb>((db, _, m, _, _) => NoteAsync(db, m.Parcel, Patience)))
        .During("ready", s => s
            .When<Packed>(m => m.Parcel)
            .ThenAsync<SagasDb>((db, _, m, _, _) => NoteAsync(db, m.Parcel, m.Item))
            .Then((parcel, m, _) => parcel.Packed.Add(m.Item))
            .Schedule(Closing, Delays[Closing], parcel => new ClosingTime(parcel.Name))
            .Complete((parcel, _) => parcel.IsPacked)
            .WhenTimeout<ClosingTime>()
            .ThenAsync<SagasDb>((db, _, m, _, _) => NoteAsync(db, m.Parcel, Closing))
            .WhenTimeout<PatienceEnded>()
            .ThenAsync<SagasDb>((db, _, m, _, _) => NoteAsync(db, m.Parcel, Patience)));

    private static Task NoteAsync(SagasDb db, string parcel, string what)
    {
        db.Happenings.Add(new Happening { Parcel = parcel, What = what });
        return Task.CompletedTask;
    }
}

/// <summary>What is known of a parcel.</summary>
internal sealed class Parcel
{
    public string Name { get; set; } = "";

    /// <summary>How many things are to be in it, when that is known.</summary>
    public int Items { get; set; } = int.MaxValue;

    public List<string> Packed { get; init; } = [];

    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsPacked => Packed.Count >= Items;
}

internal sealed record Ordered(string Parcel, string Customer, int Items);

internal sealed record Paid(string Parcel, string Payment);

internal sealed record Packed(string Parcel, string Shelf, string Item);

internal sealed record PatienceEnded(string Parcel);

internal sealed record ClosingTime(string Parcel);
