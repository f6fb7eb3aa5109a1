using Messaging.Toolkit.Simulations.Failing;
using Messaging.Toolkit.Simulations.Limits;
using Messaging.Toolkit.Simulations.Numbered;
using Messaging.Toolkit.Simulations.Sagas;
using Messaging.Toolkit.Simulations.Schedules;
using Messaging.Toolkit.Testing;

namespace Messaging.Toolkit.Simulations;

/// <summary>The applications that the toolkit itself is simulated with.</summary>
internal static class Applications
{
    public static IReadOnlyDictionary<string, Simulation> All { get; } = new Dictionary<string, Simulation>
    {
        ["numbered"] = NumberedWorkload.Simulation,
        ["crossing"] = NumberedWorkload.Crossing,
        ["failing"] = FailingWorkload.Simulation,
        ["sagas"] = SagasWorkload.Simulation,
        ["schedules"] = SchedulesWorkload.Simulation,
        ["limited"] = LimitedWorkload.Simulation,
    };
}
