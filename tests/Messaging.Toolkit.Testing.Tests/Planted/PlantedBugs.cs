using Messaging.Toolkit.Testing.Tests.Planted.Bugs;

namespace Messaging.Toolkit.Testing.Tests.Planted;

/// <summary>All of them, in the order in which a message meets them.</summary>
internal static class PlantedBugs
{
    public static IReadOnlyList<PlantedBug> All { get; } = [.. WritingBugs.All, .. RelayBugs.All, .. LeaseBugs.All, .. EndpointBugs.All, .. InboxBugs.All, .. FailureBugs.All, .. StopBugs.All, .. ScheduleBugs.All, .. LimitBugs.All, .. SagaBugs.All, .. ProcessBugs.All, .. RabbitMQBugs.All, .. KafkaBugs.All, .. StreamBugs.All];
}
