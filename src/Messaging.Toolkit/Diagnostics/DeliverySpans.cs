namespace Messaging.Toolkit.Diagnostics;

/// <summary>How the span of a delivery is related to the span in which its message was made.</summary>
public enum DeliverySpans
{
    /// <summary>It is its child, in the same trace.</summary>
    Parent,

    /// <summary>It begins a trace of its own and links to it: for flows of so many messages, or over so long a time, that one trace of them is of no use.</summary>
    Link,
}
