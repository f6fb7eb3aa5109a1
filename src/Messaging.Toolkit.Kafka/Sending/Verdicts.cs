using Confluent.Kafka;

namespace Messaging.Toolkit.Kafka.Sending;

/// <summary>What the end of a message means. What may pass does not come here: the client tries it again by itself.</summary>
internal enum Verdict
{
    /// <summary>Kafka has it.</summary>
    Confirmed,

    /// <summary>Its topic takes nothing.</summary>
    TopicRefused,

    /// <summary>It, or another one of its batch, is not taken.</summary>
    MessageRefused,

    /// <summary>The producer is of no use any more.</summary>
    Broken,
}

/// <summary>Error codes, sorted by what they mean for a message.</summary>
internal static class Verdicts
{
    public static Verdict On(ErrorCode code) => code switch
    {
        ErrorCode.NoError => Verdict.Confirmed,
        ErrorCode.TopicAuthorizationFailed or ErrorCode.UnknownTopicOrPart or ErrorCode.TopicException or ErrorCode.Local_UnknownTopic
            or ErrorCode.Local_UnknownPartition => Verdict.TopicRefused,
        ErrorCode.MsgSizeTooLarge or ErrorCode.RecordListTooLarge or ErrorCode.InvalidMsg or ErrorCode.InvalidMsgSize or ErrorCode.InvalidRecord
            or ErrorCode.InvalidTimestamp or ErrorCode.PolicyViolation or ErrorCode.UnsupportedForMessageFormat or ErrorCode.Local_InvalidArg => Verdict.MessageRefused,
        _ => Verdict.Broken,
    };
}
