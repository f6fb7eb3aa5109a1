using Messaging.Toolkit.Testing.Nodes;

namespace Messaging.Toolkit.Testing.Checks;

/// <summary>One call of a handler.</summary>
/// <param name="life">Where it runs.</param>
/// <param name="fate">What it handles.</param>
/// <param name="handler">Which of the endpoint's handlers for the message it is.</param>
internal sealed class HandlerRun(NodeLife life, Fate fate, int handler)
{
    public NodeLife Life => life;

    public Fate Fate => fate;

    public int Handler => handler;

    /// <summary>It has returned.</summary>
    public bool IsCompleted { get; set; }
}
