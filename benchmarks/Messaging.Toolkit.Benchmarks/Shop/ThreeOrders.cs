using Messaging.Toolkit.Sagas;

namespace Messaging.Toolkit.Benchmarks.Shop;

/// <summary>A process manager over three orders of a customer, one after another: the first begins an instance, the third ends it.</summary>
internal sealed class ThreeOrders : ProcessManager<OrdersSoFar>
{
    public const int Events = 3;

    private const string First = "first";
    private const string Second = "second";

    protected override void Define(IProcessBuilder<OrdersSoFar> process) => process
        .Named("bench.three-orders")
        .Initially(state => state.When<OrderPlaced>(InstanceOf).ThenAsync<Tally>(NoteAsync).GoTo(First))
        .During(First, state => state.When<OrderPlaced>(InstanceOf).ThenAsync<Tally>(NoteAsync).GoTo(Second))
        .During(Second, state => state.When<OrderPlaced>(InstanceOf).ThenAsync<Tally>(NoteAsync).Complete());

    /// <summary>Each customer's orders three by three, so that the messages of an instance have one key. Each thousand of orders has one of each customer.</summary>
    private static object InstanceOf(OrderPlaced order) => (order.Number / (OrderPlaced.Customers * Events) * OrderPlaced.Customers) + order.Customer;

    private static Task NoteAsync(Tally tally, OrdersSoFar state, OrderPlaced order, MessageContext context, CancellationToken cancellationToken)
    {
        tally.Handle(order);
        state.Last = order.Number;
        return Task.CompletedTask;
    }
}

/// <summary>The state of <see cref="ThreeOrders"/>.</summary>
internal sealed class OrdersSoFar
{
    public int Last { get; set; }

    /// <summary>So that a state is about as large as a message.</summary>
    public string Note { get; set; } = new('n', 200);
}
