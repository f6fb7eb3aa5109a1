using System.Collections.Frozen;
using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.Messages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Messaging.Toolkit.Configuration;

/// <summary>What is said about an endpoint: a named group of handlers with its own queue, order, concurrency and failures.</summary>
public sealed class EndpointBuilder
{
    private readonly IServiceCollection services;
    private readonly string name;
    private readonly List<HandlerBinding> handlers = [];
    private readonly FailureBuilder failures = new();
    private int concurrency = 8;
    private int maxGroup = 32;
    private string? store;

    internal EndpointBuilder(IServiceCollection services, string name)
    {
        this.services = services;
        this.name = name;
    }

    internal string Name => name;

    internal string? Store => store;

    internal IReadOnlyList<HandlerBinding> Handlers => handlers;

    /// <summary>
    /// Adds a handler. Several handlers of one message run one after another, in the order added, in one transaction.
    /// </summary>
    /// <typeparam name="TMessage">A registered event, or a command that goes to this endpoint.</typeparam>
    /// <typeparam name="THandler">The handler; created for each attempt from its own scope.</typeparam>
    public EndpointBuilder Handle<TMessage, THandler>()
        where TMessage : class
        where THandler : class, IHandle<TMessage>
    {
        services.TryAddScoped<THandler>();
        handlers.Add(new HandlerBinding(typeof(TMessage), typeof(THandler), static (scope, message, context, cancellationToken)
            => scope.GetRequiredService<THandler>().HandleAsync((TMessage)message, context, cancellationToken)));
        return this;
    }

    /// <summary>How many transactions may run at once in this process. Messages of one key never run at once.</summary>
    /// <param name="concurrency">Default 8; from 1 to 1,000.</param>
    public EndpointBuilder Concurrency(int concurrency)
    {
        this.concurrency = concurrency;
        return this;
    }

    /// <summary>
    /// How many messages may share one transaction and so one commit. They do when several wait and their handlers are
    /// quick; each has a scope and a DbContext of its own all the same, and if one fails all are handled one by one.
    /// </summary>
    /// <param name="messages">Default 32; from 1 (never) to 1,000.</param>
    public EndpointBuilder ShareCommits(int messages)
    {
        maxGroup = messages;
        return this;
    }

    /// <summary>What happens when a handler throws. Default: three more attempts at once, then the dead letters.</summary>
    public EndpointBuilder OnFailure(Action<FailureBuilder> configure)
    {
        configure(failures);
        return this;
    }

    /// <summary>For stores: whose transactions the handlers run in. Applications call the store's own method, such as <c>UseDbContext&lt;T&gt;</c>.</summary>
    /// <param name="store">The store's name.</param>
    public EndpointBuilder UseStore(string store)
    {
        this.store = store;
        return this;
    }

    internal EndpointDefinition Build(IReadOnlyDictionary<Type, MessageType> types) => new()
    {
        Name = name,
        Handlers = handlers
            .GroupBy(handler => types[handler.MessageType].Name)
            .ToFrozenDictionary(group => group.Key, group => (IReadOnlyList<HandlerBinding>)[.. group], StringComparer.Ordinal),
        Concurrency = concurrency,
        MaxGroup = maxGroup,
        Failures = failures.Build(),
        Store = store,
    };

    internal IEnumerable<string> Validate(IReadOnlyDictionary<Type, IMessageDefinition> messages)
    {
        if (Names.Refuse(name) is { } reason)
        {
            yield return $"The endpoint name {Names.Show(name)} cannot be used: {reason}.";
        }

        if (concurrency is < 1 or > 1000)
        {
            yield return $"Endpoint {Names.Show(name)} has Concurrency({concurrency}): set it between 1 and 1000.";
        }

        if (maxGroup is < 1 or > 1000)
        {
            yield return $"Endpoint {Names.Show(name)} has ShareCommits({maxGroup}): set it between 1 and 1000.";
        }

        if (handlers.Count == 0)
        {
            yield return $"Endpoint {Names.Show(name)} handles nothing: add .Handle<TMessage, THandler>() or remove it.";
        }

        foreach (var group in handlers.GroupBy(handler => (handler.MessageType, handler.HandlerType)).Where(group => group.Count() > 1))
        {
            yield return $"Endpoint {Names.Show(name)} has {group.Key.HandlerType.Name} for {group.Key.MessageType.Name} {group.Count()} times: add it once.";
        }

        foreach (var messageType in handlers.Select(handler => handler.MessageType).Distinct().Where(type => !InternalMessages.Contains(type)))
        {
            if (!messages.TryGetValue(messageType, out var message))
            {
                yield return $"Endpoint {Names.Show(name)} handles {messageType.Name}, which is not registered: add .Event<{messageType.Name}>(...) or .Command<{messageType.Name}>(...).";
            }
            else if (message.Kind == MessageKind.Command && message.Destination is { } destination && destination != name)
            {
                yield return $"Endpoint {Names.Show(name)} handles the command {messageType.Name}, which goes to {Names.Show(destination)}: move the handler there, or change its .To(...).";
            }
        }

        foreach (var error in failures.Validate(name))
        {
            yield return error;
        }
    }
}
