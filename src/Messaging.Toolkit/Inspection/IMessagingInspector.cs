namespace Messaging.Toolkit.Inspection;

/// <summary>Says how messaging is configured here, and what stands in its way. May be called from several threads, also before the host has started.</summary>
public interface IMessagingInspector
{
    /// <summary>
    /// The configuration as it is in force: what is published where, and which endpoint handles what with which settings. The same is logged at start, with level
    /// Information.
    /// </summary>
    MessagingReport Describe();

    /// <summary>
    /// Looks at the databases, the brokers and the work of this process, and says of everything that is not as it should be what can be done about it. It changes
    /// nothing that the application would not change itself. What cannot be looked at, for want of permission or of a connection, is a finding too, and no
    /// exception: one thing that is out of order hides none of the others.
    /// </summary>
    /// <param name="cancellationToken">Gives up.</param>
    Task<Diagnosis> DiagnoseAsync(CancellationToken cancellationToken = default);
}
