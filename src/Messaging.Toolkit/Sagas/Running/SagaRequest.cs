using System.Globalization;
using Messaging.Toolkit.Outbox;

namespace Messaging.Toolkit.Sagas.Running;

/// <summary>What an instance knows its own requests by: the text that comes back with their replies, and that its own messages to itself carry.</summary>
/// <param name="Definition">The registered name of the definition.</param>
/// <param name="Id">The instance.</param>
/// <param name="Step">The step; empty if it is about the whole.</param>
/// <param name="Attempt">Which attempt at it.</param>
/// <param name="Undoes">Whether it undoes the step.</param>
internal sealed record SagaRequest(string Definition, Guid Id, string Step = "", int Attempt = 0, bool Undoes = false)
{
    private const char Separator = '|';

    /// <summary>The text has no character that is special in a header. Names have no separator in them.</summary>
    public override string ToString()
        => string.Create(CultureInfo.InvariantCulture, $"{Definition}{Separator}{Id:N}{Separator}{Step}{Separator}{Attempt}{Separator}{(Undoes ? "undo" : "do")}");

    /// <summary>Reads the text; null if it is something else.</summary>
    public static SagaRequest? Parse(string? text)
        => text?.Split(Separator) is [var definition, var id, var step, var attempt, ("do" or "undo") and var way]
           && Guid.TryParseExact(id, "N", out var saga)
           && int.TryParse(attempt, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new SagaRequest(definition, saga, step, number, way == "undo")
            : null;

    /// <summary>How a message is sent to the instance, and to nobody else.</summary>
    public Addressing ToAddressing() => new() { Key = KeyOf(Id), InReplyTo = ToString() };

    /// <summary>The ordering key of everything that is sent to an instance.</summary>
    public static string KeyOf(Guid id) => id.ToString("N");
}
