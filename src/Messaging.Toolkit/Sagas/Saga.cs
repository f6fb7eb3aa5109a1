using System.ComponentModel;
using Messaging.Toolkit.Sagas.Definitions;

namespace Messaging.Toolkit.Sagas;

/// <summary>
/// A business process of several steps, each a transaction of its own, here or in another service: it is finished step by step, or
/// undone step by step in the reverse order. Its definition is made once, at start-up; its instances are rows.
/// </summary>
/// <remarks>
/// <para>An instance is handled by one message at a time. What it changes, its history, the claim of the message and what it sends
/// commit together.</para>
/// <para>The definition must be the same in every process. What changes it and has instances under way is a new
/// <see cref="ISagaBuilder{TState}.Version"/>.</para>
/// </remarks>
/// <typeparam name="TState">What an instance knows: plain data that the serializer can write and read. It is saved after each step.</typeparam>
public abstract class Saga<TState> : SagaBase where TState : class
{
    /// <summary>Says what the saga does. Called once.</summary>
    /// <param name="saga">Takes the name, the steps and their order.</param>
    protected abstract void Define(ISagaBuilder<TState> saga);

    internal sealed override SagaDefinition Build()
    {
        var builder = new SagaBuilder<TState>(GetType());
        Define(builder);
        return builder.Build();
    }
}

/// <summary>What all sagas have in common: the toolkit's own view of them.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class SagaBase
{
    private protected SagaBase() { }

    internal abstract SagaDefinition Build();
}
