namespace Messaging.Toolkit.Diagnostics;

/// <summary>Whether something that runs in the background can do its work at the moment. Thread-safe.</summary>
internal sealed class WorkState(string name)
{
    private volatile string? trouble = "It has not begun yet.";

    public string Name => name;

    /// <summary>Why it cannot; null if it can.</summary>
    public string? Trouble => trouble;

    public void Works() => trouble = null;

    /// <summary>Only what the toolkit itself says is repeated: other texts may tell secrets. They are in the log.</summary>
    public void Fails(Exception exception) => trouble = exception is MessagingException ? exception.Message : $"It fails with {exception.GetType().Name}, see the log.";
}
