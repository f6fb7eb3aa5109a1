namespace Messaging.Toolkit.Sagas.Processes;

/// <summary>What may happen in a state.</summary>
internal sealed class StateDefinition
{
    private readonly List<Reaction> reactions = [];
    private readonly HashSet<Type> ignored = [];

    public IReadOnlyList<Reaction> Reactions => reactions;

    public IReadOnlyCollection<Type> Ignored => ignored;

    public void Add(Reaction reaction) => reactions.Add(reaction);

    public void Ignore(Type type) => ignored.Add(type);

    public Reaction? Find(Type type) => reactions.Find(reaction => reaction.MessageType == type);

    public bool Ignores(Type type) => ignored.Contains(type);
}
