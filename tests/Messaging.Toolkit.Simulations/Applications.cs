using Messaging.Toolkit.Simulations.Limits;
using Messaging.Toolkit.Simulations.Numbered;
using Messaging.Toolkit.Simulations.Sagas;
using Messaging.Toolkit.Testing;

namespace Messaging.Toolkit.Simulations;

/// <summary>The applications that the toolkit itself is simulated with.</summary>
internal static class Applications
{
    public static IReadOnlyDictionary<string, Simulation> All { get; } = new Dictionary<string, Simulation>
    {
        ["numbered"] = NumberedWorkload.Simulation,
        ["sagas"] = SagasWorkload.Simulation,
        ["limited"] = LimitedWorkload.Simulation,
    };
}
