namespace Messaging.Toolkit.Diagnostics.Tracing;

/// <summary>What is done to messages, as the conventions call it: names and types of operations are the same here.</summary>
internal static class Operations
{
    public const string Create = "create";
    public const string Send = "send";
    public const string Receive = "receive";
    public const string Process = "process";
    public const string Settle = "settle";
}
