using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Topics;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Kafka.Clients;

/// <summary>What senders and receivers have in common: finding out whether there is a cluster, and noticing when there is none any more. For the client's thread.</summary>
internal sealed class Connection(KafkaOptions options, Func<Handle> handle, ILogger logger)
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(2);

    private volatile string? lastError;
    private volatile bool isDoubtful;

    /// <summary>What has broken it for good; null as long as nothing has.</summary>
    public Exception? Fatal { get; private set; }

    /// <summary>Builds a client, whose configuration may be wrong.</summary>
    public static T Build<T>(KafkaOptions options, Func<T> build)
    {
        try
        {
            return build();
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or KafkaException)
        {
            // The client's own text and its exception may quote a password.
            var values = options.Properties.Values.Concat(options.ProducerProperties.Values).Concat(options.ConsumerProperties.Values);
            throw new MessagingException($"The Kafka client refuses its configuration: {ClientProperties.Censor(exception.Message, values)}");
        }
    }

    public void OnError(Error error)
    {
        lastError = error.Reason;
        if (error.IsFatal)
        {
            Fatal ??= new MessagingException($"The Kafka client is of no use any more: {error.Code} {error.Reason}");
        }
        else if (error.Code is ErrorCode.Local_AllBrokersDown)
        {
            // It may be that the only connection had been idle for too long.
            isDoubtful = true;
        }
    }

    public void OnLog(LogMessage message) => logger.ClientSays(message.Name, message.Facility, message.Message);

    /// <summary>Waits for a connection, and for topics.</summary>
    /// <param name="topics">What must be there.</param>
    /// <param name="poll">Lets the client's callbacks run.</param>
    /// <exception cref="MessagingException">There is none.</exception>
    public IReadOnlyDictionary<string, string> Open(IReadOnlyCollection<TopicPlan> topics, Action poll)
    {
        using var admin = new DependentAdminClientBuilder(handle()).Build();
        try
        {
            return TopicCheck.Ensure(new ConfluentTopicAdmin(admin, ConnectTimeout), topics, options.CreateTopics);
        }
        catch (KafkaException exception)
        {
            poll();
            throw new MessagingException($"No connection to Kafka at {options.BootstrapServers}: {lastError ?? exception.Error.Reason}", exception);
        }
    }

    /// <summary>If there is doubt whether the cluster is still there: asks it.</summary>
    /// <exception cref="MessagingException">It is not, or the client is of no use any more.</exception>
    public void Check()
    {
        if (Fatal is not null)
        {
            throw Fatal;
        }

        if (!isDoubtful)
        {
            return;
        }

        isDoubtful = false;
        using var admin = new DependentAdminClientBuilder(handle()).Build();
        try
        {
            admin.GetMetadata(ProbeTimeout);
        }
        catch (KafkaException exception)
        {
            throw new MessagingException($"The connection to Kafka at {options.BootstrapServers} is lost: {lastError ?? exception.Error.Reason}", exception);
        }
    }
}
