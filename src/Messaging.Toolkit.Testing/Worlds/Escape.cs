using System.Runtime.CompilerServices;

namespace Messaging.Toolkit.Testing.Worlds;

/// <summary>Says who went on on another thread, where, and what to do about it.</summary>
internal static class Escape
{
    public const string Advice =
        "Everything happens on one thread in the order that the seed decides, so wait only for the DbContext and other services from here, and for " +
        "Task.Delay(delay, timeProvider) with the injected TimeProvider: no Task.Run, no ConfigureAwait(false), no timer or Task.Delay of the " +
        "system's clock, and no real I/O, for which the test registers stand-ins.";

    /// <param name="lane">Whose code it is.</param>
    /// <param name="waiter">What goes on: the continuation of a method, as a synchronization context is given it.</param>
    public static string Describe(Lane lane, object? waiter)
        => $"{MethodOf(waiter) ?? "Something"} of {lane} went on on another thread. {Advice}{Environment.NewLine}{Environment.StackTrace}";

    /// <summary>The asynchronous method that waited, by the name of its state machine: <c>Handler+&lt;HandleAsync&gt;d__1</c>.</summary>
    private static string? MethodOf(object? waiter)
    {
        var machine = (waiter as Action)?.Target?.GetType().GenericTypeArguments
            .FirstOrDefault(type => typeof(IAsyncStateMachine).IsAssignableFrom(type));
        if (machine is null || !machine.Name.StartsWith('<'))
        {
            return null;
        }

        // Closures have classes of their own inside of their method's, and lambdas are named after it: <<HandleAsync>b__0>d.
        var declaring = machine.DeclaringType;
        while (declaring?.Name.StartsWith('<') == true)
        {
            declaring = declaring.DeclaringType;
        }

        var name = machine.Name.TrimStart('<');
        return $"{declaring?.FullName}.{name[..name.IndexOf('>')]}";
    }
}

/// <summary>Code under simulation went on on another thread: its order is not the seed's any more.</summary>
internal sealed class EscapedException(string message) : InvalidOperationException(message);
