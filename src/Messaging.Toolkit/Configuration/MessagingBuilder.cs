using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Scheduling;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Configuration;

/// <summary>
/// Configures messaging, once, at start-up. Everything that is wrong with it is reported together, when
/// <c>AddMessaging</c> returns or, as far as it needs other services, when the host starts.
/// </summary>
public sealed class MessagingBuilder
{
    private readonly List<IMessageDefinition> messages = [];
    private readonly List<EndpointBuilder> endpoints = [];
    private readonly List<string> errors = [];
    private readonly MessageLimits limits = new();
    private readonly OutboxOptions outbox = new();
    private readonly InboxOptions inbox = new();
    private readonly SagaOptions sagas = new();
    private readonly SchedulingOptions scheduling = new();
    private readonly ObservabilityOptions observability = new();
    private readonly List<RecurringBuilder> recurring = [];
    private JournalOptions? journal;
    private IMessageSerializer serializer = new JsonMessageSerializer();
    private string source = "/" + AppDomain.CurrentDomain.FriendlyName;
    private readonly List<TransportDefinition> transports = [];
    private string? via;

    internal MessagingBuilder(IServiceCollection services) => Services = services;

    /// <summary>The application's services, for stores and transports.</summary>
    public IServiceCollection Services { get; }

    /// <summary>Names of the stores that are registered, for stores.</summary>
    public ICollection<string> Stores { get; } = [];

    /// <summary>What was registered, in its order.</summary>
    internal IReadOnlyList<TransportDefinition> Transports => transports;

    /// <summary>Registers an event: something that happened, for whoever subscribes.</summary>
    /// <typeparam name="T">The class or record. Plain data that the serializer can write and read.</typeparam>
    /// <param name="configure">Its name, which is required, its key, its serializer.</param>
    public MessagingBuilder Event<T>(Action<EventBuilder<T>> configure) where T : class => Add(new EventBuilder<T>(), configure);

    /// <summary>Registers a command: something to be done by one endpoint.</summary>
    /// <typeparam name="T">The class or record. Plain data that the serializer can write and read.</typeparam>
    /// <param name="configure">Its name and its endpoint, which are required, its key, its serializer.</param>
    public MessagingBuilder Command<T>(Action<CommandBuilder<T>> configure) where T : class => Add(new CommandBuilder<T>(), configure);

    /// <summary>Adds an endpoint that runs in this process.</summary>
    /// <param name="name">Letters, digits, '.', '-', '_' and '/'; at most 200 characters. Part of every claim: it must stay the same.</param>
    /// <param name="configure">Its handlers and how it runs them.</param>
    public MessagingBuilder Endpoint(string name, Action<EndpointBuilder> configure)
    {
        var endpoint = new EndpointBuilder(Services, name);
        configure(endpoint);
        endpoints.Add(endpoint);
        return this;
    }

    /// <summary>
    /// Publishes an event or sends a command again and again: one message for each tick, however many processes run. It counts from the
    /// first start with that name; of the ticks that pass while no process runs only the last one fires, at the next start.
    /// </summary>
    /// <typeparam name="T">A type registered with <c>Event&lt;T&gt;</c> or <c>Command&lt;T&gt;</c>.</typeparam>
    /// <param name="name">Letters, digits, '.', '-', '_' and '/'; at most 200 characters. It is stored: it must stay the same.</param>
    /// <param name="expression">A cron expression: minute, hour, day of the month, month, day of the week; or six fields, with the second in front.
    /// A changed one takes effect at the start, from then on.</param>
    /// <param name="create">Makes the message. It may be called in several processes at once, and its result not be used.</param>
    /// <param name="configure">Its time zone, and its store where there are several. Default: UTC.</param>
    public MessagingBuilder Recurring<T>(string name, string expression, Func<T> create, Action<RecurringBuilder>? configure = null) where T : class
    {
        ArgumentNullException.ThrowIfNull(create);
        return Recurring(name, expression, _ => create(), configure);
    }

    /// <inheritdoc cref="Recurring{T}(string, string, Func{T}, Action{RecurringBuilder}?)"/>
    /// <param name="name">Letters, digits, '.', '-', '_' and '/'; at most 200 characters. It is stored: it must stay the same.</param>
    /// <param name="expression">A cron expression: minute, hour, day of the month, month, day of the week; or six fields, with the second in front.
    /// A changed one takes effect at the start, from then on.</param>
    /// <param name="create">Makes the message of a tick, of which it is told the time, in UTC.</param>
    /// <param name="configure">Its time zone, and its store where there are several. Default: UTC.</param>
    public MessagingBuilder Recurring<T>(string name, string expression, Func<DateTimeOffset, T> create, Action<RecurringBuilder>? configure = null) where T : class
    {
        ArgumentNullException.ThrowIfNull(create);
        var builder = new RecurringBuilder(name, expression, typeof(T), create);
        configure?.Invoke(builder);
        recurring.Add(builder);
        return this;
    }

    /// <summary>
    /// Brings messages over a broker instead of inside the process. For transports, which call it from a method of their own, like
    /// <c>UseRabbitMQ</c>. Commands may then go to endpoints of other applications. There may be several, each under another name.
    /// </summary>
    /// <param name="name">
    /// By which messages and endpoints choose it: letters, digits, '.', '-', '_' and '/'; at most 40 characters. It is stored with what waits in the outbox: it must
    /// stay the same. By default a transport calls itself as <see cref="ITransport.Name"/> does.
    /// </param>
    /// <param name="create">Creates the transport, once. It gets what travels over it.</param>
    /// <param name="validate">Says what is wrong with the transport's own options, a sentence each, and what to do about it.</param>
    public MessagingBuilder UseTransport(string name, Func<IServiceProvider, MessageTopology, ITransport> create, Func<MessageTopology, IEnumerable<string>>? validate = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(create);
        transports.Add(new TransportDefinition(name, create, validate));
        return this;
    }

    /// <summary>
    /// The transport of every message and endpoint that says no other by its own <c>Via</c>. Default: the one that was registered first, or, if there is none,
    /// delivery inside the process.
    /// </summary>
    /// <param name="transport">A transport's name: "rabbitmq", "kafka" or the one that it was registered with, or "in-process".</param>
    public MessagingBuilder Via(string transport)
    {
        via = transport;
        return this;
    }

    /// <summary>The serializer of every message that has none of its own. Default: <see cref="JsonMessageSerializer"/>.</summary>
    public MessagingBuilder SerializedBy(IMessageSerializer serializer)
    {
        this.serializer = serializer;
        return this;
    }

    /// <summary>CloudEvents <c>source</c> of what this application publishes. Default: "/" and the name of the program.</summary>
    /// <param name="source">A URI reference, at most 200 characters.</param>
    public MessagingBuilder Source(string source)
    {
        this.source = source;
        return this;
    }

    /// <summary>Changes the bounds on what may be published.</summary>
    public MessagingBuilder Limits(Action<MessageLimits> configure)
    {
        configure(limits);
        return this;
    }

    /// <summary>Changes how the relay works.</summary>
    public MessagingBuilder Outbox(Action<OutboxOptions> configure)
    {
        configure(outbox);
        return this;
    }

    /// <summary>Changes how long handled messages are remembered.</summary>
    public MessagingBuilder Inbox(Action<InboxOptions> configure)
    {
        configure(inbox);
        return this;
    }

    /// <summary>Changes how sagas and process managers are looked after.</summary>
    public MessagingBuilder Sagas(Action<SagaOptions> configure)
    {
        configure(sagas);
        return this;
    }

    /// <summary>Changes how messages that are not due yet are looked after.</summary>
    public MessagingBuilder Scheduling(Action<SchedulingOptions> configure)
    {
        configure(scheduling);
        return this;
    }

    /// <summary>
    /// Keeps a journal: what was published and handled, by conversation, see <see cref="IJournal"/>. It is written in the transactions that publish and handle, and
    /// costs each one more statement. Default: none is kept.
    /// </summary>
    /// <param name="configure">How long it remembers.</param>
    public MessagingBuilder Journal(Action<JournalOptions>? configure = null)
    {
        journal ??= new JournalOptions();
        configure?.Invoke(journal);
        return this;
    }

    /// <summary>Changes what is observed of messaging, and how.</summary>
    public MessagingBuilder Observability(Action<ObservabilityOptions> configure)
    {
        configure(observability);
        return this;
    }

    /// <exception cref="MessagingConfigurationException">Something is wrong; it lists everything that is.</exception>
    internal MessagingModel Build()
    {
        var plan = new TransportPlan(transports, via, messages, endpoints);
        var byType = messages.GroupBy(message => message.ClrType).ToDictionary(group => group.Key, group => group.First());
        errors.AddRange(ValidateMessages());
        errors.AddRange(plan.Validate());
        errors.AddRange(ValidateEndpoints(byType));
        errors.AddRange(ValidateJson());
        errors.AddRange(limits.Validate());
        errors.AddRange(outbox.Validate());
        errors.AddRange(inbox.Validate());
        errors.AddRange(sagas.Validate());
        errors.AddRange(scheduling.Validate());
        errors.AddRange(journal?.Validate() ?? []);
        errors.AddRange(observability.Validate());
        errors.AddRange(ValidateRecurring(byType));
        if (sagas.Retention < inbox.Retention && endpoints.Exists(endpoint => endpoint.Instances.Count > 0))
        {
            errors.Add($"Sagas.Retention ({sagas.Retention}) must not be shorter than Inbox.Retention ({inbox.Retention}): a saga that is forgotten and started again would send messages that are still remembered.");
        }

        if (source is not { Length: > 0 and <= MessageLimits.MaxNameLength } || !Uri.IsWellFormedUriString(source, UriKind.RelativeOrAbsolute))
        {
            errors.Add($"Source({Names.Show(source)}) is no URI reference of 1 to {MessageLimits.MaxNameLength} characters: use something like \"/shop\".");
        }

        if (errors.Count > 0)
        {
            throw new MessagingConfigurationException(errors);
        }

        var types = messages.Select(message => message.Build(serializer, plan.ViaOf(message))).Concat(InternalMessages.All).ToDictionary(type => type.ClrType);
        var names = endpoints.Select(endpoint => endpoint.Name).ToHashSet(StringComparer.Ordinal);
        var model = new MessagingModel(new MessageRegistry(types.Values), [.. endpoints.Select(endpoint => endpoint.Build(types, plan.ViaOf(endpoint), names))])
        {
            Transports = plan.All,
            DefaultVia = plan.Default,
            Source = source,
            Limits = limits,
            Outbox = outbox,
            Inbox = inbox,
            Sagas = sagas,
            Scheduling = scheduling,
            Journal = journal,
            Observability = observability,
            Recurring = [.. recurring.Select(builder => builder.Build())],
            StateSerializer = StateSerializer,
        };
        errors.AddRange(plan.All.SelectMany(transport => transport.Validate?.Invoke(model.ToTopology(transport.Name)) ?? []));
        return errors.Count == 0 ? model : throw new MessagingConfigurationException(errors);
    }

    private MessagingBuilder Add<TBuilder>(TBuilder builder, Action<TBuilder> configure) where TBuilder : IMessageDefinition
    {
        configure(builder);
        messages.Add(builder);
        return this;
    }

    private IEnumerable<string> ValidateMessages()
    {
        foreach (var group in messages.GroupBy(message => message.ClrType).Where(group => group.Count() > 1))
        {
            yield return $"{group.Key.Name} is registered {group.Count()} times: register each type once.";
        }

        foreach (var group in messages.Where(message => message.Name is not null).GroupBy(message => message.Name, StringComparer.OrdinalIgnoreCase))
        {
            var types = group.Select(message => message.ClrType.Name).Distinct().ToList();
            if (types.Count > 1)
            {
                yield return $"The name {Names.Show(group.Key)} is given to {string.Join(" and ", types)}: names must differ, and by more than their case.";
            }
        }

        foreach (var message in messages)
        {
            if (message.Name is null)
            {
                yield return $"{message.ClrType.Name} has no name: add .Named(\"...\"), for instance .Named(\"shop.order-placed\").";
            }
            else if (Names.Refuse(message.Name) is { } reason)
            {
                yield return $"The name {Names.Show(message.Name)} of {message.ClrType.Name} cannot be used: {reason}.";
            }
            else if (message.Name.StartsWith(InternalMessages.Prefix, StringComparison.OrdinalIgnoreCase))
            {
                yield return $"The name {Names.Show(message.Name)} of {message.ClrType.Name} is reserved: what begins with '{InternalMessages.Prefix}' is the toolkit's own. Choose another.";
            }

            if (message.Lifetime is { } lifetime && Expiry.Refuse(lifetime) is { } wrongLifetime)
            {
                yield return $"{message.ClrType.Name} has ExpiresAfter({lifetime}): {wrongLifetime}.";
            }

            if (message.Kind == MessageKind.Command)
            {
                foreach (var error in ValidateDestination(message))
                {
                    yield return error;
                }
            }
        }
    }

    private IEnumerable<string> ValidateRecurring(Dictionary<Type, IMessageDefinition> byType)
    {
        foreach (var group in recurring.GroupBy(builder => builder.Name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
        {
            yield return $"There are {group.Count()} recurring schedules named {Names.Show(group.Key)}: names must differ, and by more than their case.";
        }

        foreach (var builder in recurring)
        {
            if (!byType.ContainsKey(builder.MessageType))
            {
                yield return $"The recurring schedule {Names.Show(builder.Name)} sends {builder.MessageType.Name}, which is not registered: add .Event<{builder.MessageType.Name}>(...) or .Command<{builder.MessageType.Name}>(...).";
            }

            foreach (var error in builder.Validate(Stores))
            {
                yield return error;
            }
        }
    }

    /// <summary>States are JSON whatever messages are written in.</summary>
    private JsonMessageSerializer StateSerializer => field ??= serializer as JsonMessageSerializer ?? new JsonMessageSerializer();

    /// <summary>What a source-generated context lacks is told now, and not by the first message that is published.</summary>
    private IEnumerable<string> ValidateJson()
    {
        var unknown = messages.Where(message => (message.Serializer ?? serializer) is JsonMessageSerializer json && !json.Knows(message.ClrType)).Select(message => message.ClrType)
            .Concat(endpoints.SelectMany(endpoint => endpoint.Instances).SelectMany(definition => definition.Stored).Where(type => !StateSerializer.Knows(type)));
        foreach (var type in unknown.Distinct())
        {
            yield return $"{type.Name} cannot be written as JSON: add [JsonSerializable(typeof({type.Name}))] to the JsonSerializerContext that SerializedBy(new JsonMessageSerializer(...)) is given.";
        }
    }

    private IEnumerable<string> ValidateDestination(IMessageDefinition command)
    {
        if (string.IsNullOrEmpty(command.Destination))
        {
            yield return $"The command {command.ClrType.Name} has no destination: add .To(\"endpoint\").";
            yield break;
        }

        var endpoint = endpoints.FirstOrDefault(endpoint => endpoint.Name == command.Destination);
        if (endpoint?.Handlers.All(handler => handler.MessageType != command.ClrType) == true)
        {
            yield return $"The command {command.ClrType.Name} goes to {Names.Show(command.Destination)}, which does not handle it: add .Handle<{command.ClrType.Name}, ...>() there.";
        }
    }

    private IEnumerable<string> ValidateEndpoints(Dictionary<Type, IMessageDefinition> byType)
    {
        foreach (var group in endpoints.GroupBy(endpoint => endpoint.Name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
        {
            yield return $"There are {group.Count()} endpoints named {Names.Show(group.Key)}: names must differ, and by more than their case.";
        }

        foreach (var group in endpoints.SelectMany(endpoint => endpoint.Instances).GroupBy(definition => definition.Name, StringComparer.OrdinalIgnoreCase).Where(group => group.Key != "" && group.Count() > 1))
        {
            yield return $"{group.Count()} sagas or process managers are named {Names.Show(group.Key)}: names must differ, by more than their case, and one endpoint runs each.";
        }

        foreach (var endpoint in endpoints)
        {
            foreach (var error in endpoint.Validate(byType, inbox.Retention))
            {
                yield return error;
            }

            if (endpoint.Store is { } store && !Stores.Contains(store))
            {
                yield return $"Endpoint {Names.Show(endpoint.Name)} uses the store {Names.Show(store)}, which is not registered: add .UseEntityFrameworkCore<...>() for it.";
            }
            else if (endpoint.Store is null && Stores.Count > 1)
            {
                yield return $"Endpoint {Names.Show(endpoint.Name)} does not say which of the {Stores.Count} stores its handlers change: add .UseDbContext<...>() to it.";
            }
        }

        if (Stores.Count == 0)
        {
            yield return "There is no store, so messages have nowhere to wait: add .UseEntityFrameworkCore<YourDbContext>().";
        }
    }
}
