using Messaging.Toolkit.Inspection;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Messaging.Toolkit.RabbitMQ.Topology;

/// <summary>Looks at a broker: whether the queues of this application's endpoints are there, and how safe they are.</summary>
internal sealed class BrokerExamination(RabbitMQOptions options, BrokerTopology topology, IReadOnlyList<string> endpoints, string transport)
{
    public async Task<IReadOnlyList<Finding>> RunAsync(IConnection connection, CancellationToken cancellationToken)
    {
        var findings = new List<Finding>
        {
            Finding.Fine($"transport {transport}", $"RabbitMQ {BrokerTopology.VersionOf(connection) ?? "of an unknown version"} answers; messages are sent with confirms and 'mandatory', always."),
        };
        foreach (var endpoint in endpoints)
        {
            foreach (var queue in topology.QueuesOf(endpoint))
            {
                findings.Add(await ExamineAsync(connection, endpoint, queue, cancellationToken));
            }
        }

        return findings;
    }

    /// <summary>On a channel of its own, because the broker closes it if the queue is not there.</summary>
    private async Task<Finding> ExamineAsync(IConnection connection, string endpoint, string queue, CancellationToken cancellationToken)
    {
        var subject = $"transport {transport}, queue {queue}";
        var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        try
        {
            var state = await channel.QueueDeclarePassiveAsync(queue, cancellationToken);
            await channel.CloseAsync(cancellationToken);
            return state.ConsumerCount == 0 && state.MessageCount > 0
                ? Finding.Warning(subject, $"{state.MessageCount} messages wait and nobody consumes them.", $"Run a process with the endpoint '{endpoint}'.")
                : options.QueueOf(endpoint).Type == QueueType.Quorum
                    ? Finding.Fine(subject, $"it is there, a quorum queue with {state.MessageCount} messages and {state.ConsumerCount} consumers.")
                    : Finding.Warning(subject, $"it is a classic queue, with {state.MessageCount} messages and {state.ConsumerCount} consumers.", "It is lost with its node. Quorum queues, the default, are not.");
        }
        catch (OperationInterruptedException exception) when (exception.ShutdownReason is { ReplyCode: Constants.NotFound })
        {
            return Finding.Error(subject, "it is not there.", options.DeclareTopology
                ? "It is declared when a process with the endpoint or a relay starts: see whether one runs, and what its log says."
                : "DeclareTopology is false: create the queue and its bindings.");
        }
        catch (OperationInterruptedException exception)
        {
            return Finding.Error(subject, $"it cannot be looked at: {exception.ShutdownReason?.ReplyText}", "Grant this application's user what it needs: docs/rabbitmq.md says what.");
        }
        finally
        {
            await channel.DisposeAsync();
        }
    }
}
