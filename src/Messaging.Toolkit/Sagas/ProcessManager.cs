using Messaging.Toolkit.Sagas.Definitions;
using Messaging.Toolkit.Sagas.Processes;

namespace Messaging.Toolkit.Sagas;

/// <summary>
/// A state machine over events: it remembers what has happened to one thing, such as an order, and says what is to be done about it. Its
/// definition is made once, at start-up; its instances are rows, one for each value that its events are correlated by.
/// </summary>
/// <remarks>
/// An instance is handled by one message at a time, also if they have different keys. Its state, history and timeouts, the claim of the
/// message and what it sends commit together. An instance that has completed handles nothing more, and is kept for the retention of sagas.
/// </remarks>
/// <typeparam name="TState">What an instance knows: plain data that the serializer can write and read.</typeparam>
public abstract class ProcessManager<TState> : ProcessManagerBase where TState : class, new()
{
    /// <summary>Says what the process manager does. Called once.</summary>
    /// <param name="process">Takes the name, the states and what happens in them.</param>
    protected abstract void Define(IProcessBuilder<TState> process);

    internal sealed override ProcessDefinition Build()
    {
        var builder = new ProcessBuilder<TState>(GetType());
        Define(builder);
        return builder.Build();
    }
}

/// <summary>What all process managers have in common: the toolkit's own view of them.</summary>
[System.ComponentModel.EditorBrowsable(System.ComponentModel.EditorBrowsableState.Never)]
public abstract class ProcessManagerBase
{
    private protected ProcessManagerBase() { }

    internal abstract ProcessDefinition Build();
}
