using Messaging.Toolkit.Sagas;

namespace Messaging.Toolkit.Diagnostics.Measuring;

/// <summary>What statuses are called on metrics.</summary>
internal static class SagaStatusNames
{
    public static string Of(SagaStatus status) => status switch
    {
        SagaStatus.Running => "running",
        SagaStatus.Compensating => "compensating",
        SagaStatus.Stuck => "stuck",
        SagaStatus.Completed => "completed",
        _ => "compensated",
    };
}
