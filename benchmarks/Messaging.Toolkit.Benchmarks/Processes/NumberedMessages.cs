using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Sagas;

namespace Messaging.Toolkit.Benchmarks.Processes;

/// <summary>A hundred types of messages, made of ten digits, at twenty endpoints; and five sagas.</summary>
internal static class NumberedMessages
{
    public static void Register(MessagingBuilder messaging)
    {
        AddTen<D0>(messaging);
        AddTen<D1>(messaging);
        AddTen<D2>(messaging);
        AddTen<D3>(messaging);
        AddTen<D4>(messaging);
        AddTen<D5>(messaging);
        AddTen<D6>(messaging);
        AddTen<D7>(messaging);
        AddTen<D8>(messaging);
        AddTen<D9>(messaging);
        messaging.Endpoint("sagas", e => e.Saga<NumberedSaga<D0>>().Saga<NumberedSaga<D1>>().Saga<NumberedSaga<D2>>().Saga<NumberedSaga<D3>>().Saga<NumberedSaga<D4>>());
    }

    /// <summary>Nine events and a command, which the sagas send, at two endpoints.</summary>
    private static void AddTen<T>(MessagingBuilder messaging)
    {
        var digit = typeof(T).Name.ToLowerInvariant();
        messaging
            .Command<Numbered<T, D0>>(c => c.Named($"{digit}.d0").To($"{digit}.low").KeyedBy(m => m.Number))
            .Event<Numbered<T, D1>>(e => e.Named($"{digit}.d1").KeyedBy(m => m.Number))
            .Event<Numbered<T, D2>>(e => e.Named($"{digit}.d2").KeyedBy(m => m.Number))
            .Event<Numbered<T, D3>>(e => e.Named($"{digit}.d3").KeyedBy(m => m.Number))
            .Event<Numbered<T, D4>>(e => e.Named($"{digit}.d4").KeyedBy(m => m.Number))
            .Event<Numbered<T, D5>>(e => e.Named($"{digit}.d5").KeyedBy(m => m.Number))
            .Event<Numbered<T, D6>>(e => e.Named($"{digit}.d6").KeyedBy(m => m.Number))
            .Event<Numbered<T, D7>>(e => e.Named($"{digit}.d7").KeyedBy(m => m.Number))
            .Event<Numbered<T, D8>>(e => e.Named($"{digit}.d8").KeyedBy(m => m.Number))
            .Event<Numbered<T, D9>>(e => e.Named($"{digit}.d9").KeyedBy(m => m.Number))
            .Endpoint($"{digit}.low", e => Handle<T, D4>(Handle<T, D3>(Handle<T, D2>(Handle<T, D1>(Handle<T, D0>(e))))))
            .Endpoint($"{digit}.high", e => Handle<T, D9>(Handle<T, D8>(Handle<T, D7>(Handle<T, D6>(Handle<T, D5>(e))))));
    }

    private static EndpointBuilder Handle<T1, T2>(EndpointBuilder endpoint) => endpoint.Handle<Numbered<T1, T2>, NumberedHandler<T1, T2>>();

    private sealed class D0;

    private sealed class D1;

    private sealed class D2;

    private sealed class D3;

    private sealed class D4;

    private sealed class D5;

    private sealed class D6;

    private sealed class D7;

    private sealed class D8;

    private sealed class D9;

    private sealed record Numbered<T1, T2>(int Number);

    private sealed class NumberedHandler<T1, T2> : IHandle<Numbered<T1, T2>>
    {
        public Task HandleAsync(Numbered<T1, T2> message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class NumberedState
    {
        public int Number { get; init; }

        public int Done { get; set; }
    }

    private sealed class NumberedSaga<T> : Saga<NumberedState>
    {
        protected override void Define(ISagaBuilder<NumberedState> saga) => saga
            .Named($"saga-{typeof(T).Name}")
            .Step("one", s => s.Send(state => new Numbered<T, D0>(state.Number)).Succeeds<Numbered<T, D1>>((state, reply) => state.Done = reply.Number).Compensate(state => new Numbered<T, D0>(-state.Number)))
            .Step("two", s => s.Send(state => new Numbered<T, D0>(state.Number)).Succeeds<Numbered<T, D2>>((state, reply) => state.Done = reply.Number));
    }
}
