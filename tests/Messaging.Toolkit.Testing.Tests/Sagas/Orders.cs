using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Tests.Sagas;

/// <summary>An application with process managers: one for orders, and one that joins two events that come in any order.</summary>
internal sealed class Orders : ISimulatedApplication
{
    public void ConfigureServices(IServiceCollection services)
    {
        services.AddDbContext<OrdersDb>(options => options.UseSqlite("Data Source=nowhere/orders.db"));
        services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<OrdersDb>()
            .Sagas(s => (s.ParkedRetention, s.MaxParkedBytes) = (TimeSpan.FromMinutes(10), 100_000))
            .Event<Ordered>(e => e.Named("ordered").KeyedBy(m => m.Order))
            .Event<PaymentReceived>(e => e.Named("payment-received"))
            .Event<AddressChanged>(e => e.Named("address-changed"))
            .Event<OrderFrozen>(e => e.Named("frozen"))
            .Event<OrderClosed>(e => e.Named("closed"))
            .Event<OrderAbandoned>(e => e.Named("abandoned"))
            .Event<GoodsPacked>(e => e.Named("packed"))
            .Event<LabelPrinted>(e => e.Named("printed"))
            .Event<LabelLost>(e => e.Named("lost"))
            .Event<ParcelCounted>(e => e.Named("counted"))
            .Event<ParcelRecounted>(e => e.Named("recounted"))
            .Event<ParcelReady>(e => e.Named("ready"))
            .Endpoint("orders", e => e.Process<OrderProcess>())
            .Endpoint("parcels", e => e.Process<ParcelProcess>()));
    }
}

internal sealed class OrderState
{
    public string Order { get; set; } = "";

    public int Payments { get; set; }

    public List<string> Notes { get; set; } = [];
}

internal sealed class OrderProcess : ProcessManager<OrderState>
{
    public static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    protected override void Define(IProcessBuilder<OrderState> process) => process
        .Named("orders.order")
        .Initially(p => p
            .When<Ordered>(m => m.Order)
            .Then((state, m, _) => state.Order = m.Order)
            .Schedule("payment-overdue", Patience, state => new PaymentOverdue(state.Order))
            .GoTo("awaiting-payment"))
        .During("awaiting-payment", p => p
            .When<PaymentReceived>(m => m.Order)
            .Then((state, m, _) => state.Payments += m.Amount)
            .GoTo("paid", when: (state, _) => state.Payments >= 100)
            .Unschedule("payment-overdue")
            .ThenAsync<OrdersDb>((db, state, _, _, _) =>
            {
                db.Effects.Add(new OrderEffect { What = "paid " + state.Order });
                return Task.CompletedTask;
            })
            .Complete(when: (state, _) => state.Payments >= 100)
            .WhenTimeout<PaymentOverdue>()
            .Then((state, timeout, context) => context.Publish(new OrderAbandoned(timeout.Order)))
            .GoTo("abandoned").Complete()
            .When<OrderFrozen>(m => m.Order).GoTo("frozen"))
        .During("frozen", p => p
            .Ignore<AddressChanged>(m => m.Order)
            .When<OrderClosed>(m => m.Order).Complete().Schedule("payment-overdue", Patience, state => new PaymentOverdue(state.Order)))
        .DuringAny(p => p.When<AddressChanged>(m => m.Order).Then((state, m, _) => state.Notes.Add(m.Address)));
}

internal sealed class ParcelState
{
    public string Parcel { get; set; } = "";

    public List<string> Log { get; set; } = [];
}

internal sealed class ParcelProcess : ProcessManager<ParcelState>
{
    protected override void Define(IProcessBuilder<ParcelState> process) => process
        .Named("parcels.parcel")
        .Missing(MissingInstance.Park)
        .Initially(p => p
            .When<GoodsPacked>(m => m.Parcel).Then((state, m, _) => state.Log.Add("packed")).GoTo("packed")
            .When<LabelPrinted>(m => m.Parcel).Then((state, m, _) => state.Log.Add("printed")).GoTo("printed"))
        .During("packed", p => p.When<LabelPrinted>(m => m.Parcel).Then(Ready).GoTo("ready").Complete())
        .During("printed", p => p.When<GoodsPacked>(m => m.Parcel).Then(Ready).GoTo("ready").Complete())
        .DuringAny(p => p.When<LabelLost>(m => m.Parcel).Then((state, m, _) => state.Log.Add(m.Number >= 0 ? "lost " + m.Number : throw new InvalidOperationException("scripted"))))
        .During("counted", p => p.When<ParcelCounted>(m => m.Parcel).Complete())
        .DuringAny(p => p.When<ParcelRecounted>(m => m.Parcel).GoTo("counted"));

    private static void Ready(ParcelState state, LabelPrinted message, MessageContext context) => context.Publish(new ParcelReady(message.Parcel));

    private static void Ready(ParcelState state, GoodsPacked message, MessageContext context) => context.Publish(new ParcelReady(message.Parcel));
}

internal sealed record Ordered(string Order);

internal sealed record PaymentReceived(string? Order, int Amount);

internal sealed record AddressChanged(string Order, string Address);

internal sealed record OrderFrozen(string Order);

internal sealed record OrderClosed(string Order);

internal sealed record PaymentOverdue(string Order);

internal sealed record OrderAbandoned(string Order);

internal sealed record GoodsPacked(string Parcel);

internal sealed record LabelPrinted(string Parcel);

internal sealed record LabelLost(string Parcel, int Number);

internal sealed record ParcelCounted(string Parcel, string? Notes = null);

internal sealed record ParcelRecounted(string Parcel);

internal sealed record ParcelReady(string Parcel);

internal sealed class OrderEffect
{
    public int Id { get; init; }

    public required string What { get; init; }
}

internal sealed class OrdersDb(DbContextOptions<OrdersDb> options) : DbContext(options)
{
    public DbSet<OrderEffect> Effects => Set<OrderEffect>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddMessaging();
}
