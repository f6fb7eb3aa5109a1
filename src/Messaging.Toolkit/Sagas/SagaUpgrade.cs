using System.Text.Json.Nodes;

namespace Messaging.Toolkit.Sagas;

/// <summary>Says what has become of a definition since the version before, so that its instances can be brought up.</summary>
/// <remarks>
/// An instance stays where it stands. Steps that were added before that are not caught up with; those added behind it come in their turn. An
/// instance that stands in a step, or state, that is neither there nor mapped is not touched: it is reported, and its messages wait.
/// </remarks>
public sealed class SagaUpgrade
{
    private readonly Dictionary<string, string> renamed = new(StringComparer.Ordinal);
    private readonly HashSet<string> removed = new(StringComparer.Ordinal);
    private Action<JsonObject>? mapState;

    internal SagaUpgrade() { }

    /// <summary>
    /// A step of a saga, or a state or a timeout of a process manager, has another name. That of a step must not become another step's: what is on
    /// its way would be taken for the other's.
    /// </summary>
    public SagaUpgrade Rename(string from, string to)
    {
        renamed[from] = to;
        return this;
    }

    /// <summary>A step is not there any more, and what it has done need not be undone. An instance that waits for it is not brought up by this.</summary>
    public SagaUpgrade Remove(string step)
    {
        removed.Add(step);
        return this;
    }

    /// <summary>Changes a stored state before it is read, as the names of its members in JSON are.</summary>
    /// <param name="map">Changes the object it is given.</param>
    public SagaUpgrade MapState(Action<JsonObject> map)
    {
        mapState += map;
        return this;
    }

    /// <summary>The names that are not there any more.</summary>
    internal IEnumerable<string> Former => renamed.Keys.Concat(removed);

    internal string? NameOf(string former) => removed.Contains(former) ? null : renamed.GetValueOrDefault(former, former);

    internal string MapState(string state)
    {
        if (mapState is null)
        {
            return state;
        }

        var json = JsonNode.Parse(state) as JsonObject ?? throw new MessagingException("The stored state is no JSON object, so it cannot be mapped.");
        mapState(json);
        return json.ToJsonString();
    }
}
