namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Diagnostics;

/// <summary>Whoever listens hears everything in the process. What is said of listeners, or of there being none, is tried while no other test runs.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "Alone";
}
