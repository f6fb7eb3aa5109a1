using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Configuration;

/// <summary>What an endpoint does when a handler throws.</summary>
public sealed class FailureBuilder
{
    private int immediateRetries = FailurePolicy.Default.ImmediateRetries;

    internal FailureBuilder() { }

    /// <summary>Tries again at once, each time with a new scope, DbContext and transaction.</summary>
    /// <param name="times">How often, after the first attempt. Default 3; from 0 to 100.</param>
    public FailureBuilder RetryImmediately(int times)
    {
        immediateRetries = times;
        return this;
    }

    /// <summary>
    /// Then keeps the message, whole and with the failure, in the dead letters. It is what happens anyway: nothing is
    /// ever dropped. Here it is for the reader.
    /// </summary>
    public FailureBuilder ThenDeadLetter() => this;

    internal FailurePolicy Build() => new(immediateRetries);

    internal IEnumerable<string> Validate(string endpoint)
    {
        if (immediateRetries is < 0 or > 100)
        {
            yield return $"Endpoint {Names.Show(endpoint)} has RetryImmediately({immediateRetries}): set it between 0 and 100.";
        }
    }
}
