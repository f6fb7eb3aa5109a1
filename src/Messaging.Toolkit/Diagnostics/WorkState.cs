namespace Messaging.Toolkit.Diagnostics;

/// <summary>Whether something that runs in the background can do its work at the moment. Thread-safe.</summary>
internal sealed class WorkState(string name)
{
    private volatile string? trouble = "It has not begun yet.";

    public string Name => name;

    /// <summary>Why it cannot; null if it can.</summary>
    public string? Trouble => trouble;

    /// <summary>Whether it still does some of its work.</summary>
    public bool IsDegraded { get; private set; }

    public void Works() => trouble = null;

    /// <summary>It does less than it should, and says so itself.</summary>
    public void Degrades(string why)
    {
        IsDegraded = true;
        trouble = why;
    }

    /// <summary>Only what the toolkit itself says is repeated: other texts may tell secrets. They are in the log.</summary>
    public void Fails(Exception exception)
    {
        IsDegraded = false;
        trouble = exception is MessagingException ? exception.Message : $"It fails with {exception.GetType().Name}, see the log.";
    }
}
