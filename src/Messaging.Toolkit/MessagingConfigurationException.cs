namespace Messaging.Toolkit;

/// <summary>The configuration cannot work. Thrown at start-up, once, with every error found.</summary>
public sealed class MessagingConfigurationException : MessagingException
{
    /// <summary>Creates the exception from all errors found.</summary>
    /// <param name="errors">One sentence each: what is wrong, and the line that mends it.</param>
    public MessagingConfigurationException(IReadOnlyList<string> errors)
        : base("The messaging configuration has " + (errors.Count == 1 ? "an error:" : $"{errors.Count} errors:")
               + string.Concat(errors.Select(error => $"{Environment.NewLine}- {error}")))
        => Errors = errors;

    /// <summary>Every error, in the order found.</summary>
    public IReadOnlyList<string> Errors { get; }
}
