using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Sagas.Running;

/// <summary>What all sagas and process managers of a host work with.</summary>
internal sealed class SagaServices(MessagingModel model, SagaWatch watch, LeftBehindActivities leftBehind, MessagingMetrics metrics, TimeProvider time)
{
    public SagaStates States { get; } = new(model.StateSerializer, model.Limits);

    public SagaOptions Options => model.Sagas;

    public SagaWatch Watch => watch;

    public LeftBehindActivities LeftBehind => leftBehind;

    public MessagingMetrics Metrics => metrics;

    public TimeProvider Time => time;

    public MessageRegistry Registry => model.Registry;
}
