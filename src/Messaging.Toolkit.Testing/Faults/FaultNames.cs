using Messaging.Toolkit.Testing.Traces;

namespace Messaging.Toolkit.Testing.Faults;

/// <summary>What faults are called in traces.</summary>
internal static class FaultNames
{
    private static readonly string[,] Names = Make();

    public static string Of(FaultKind kind, Operation operation) => Names[(int)kind, (int)operation];

    private static string[,] Make()
    {
        var kinds = Enum.GetValues<FaultKind>();
        var operations = Enum.GetValues<Operation>();
        var names = new string[kinds.Length, operations.Length];
        foreach (var kind in kinds)
        {
            foreach (var operation in operations)
            {
                names[(int)kind, (int)operation] = $"{TraceEvent.FaultPrefix}{kind} at {operation}";
            }
        }

        return names;
    }
}
