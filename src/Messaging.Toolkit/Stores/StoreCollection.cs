namespace Messaging.Toolkit.Stores;

/// <summary>The stores of the application, by name.</summary>
internal sealed class StoreCollection(IEnumerable<IMessageStore> stores)
{
    public IReadOnlyList<IMessageStore> All { get; } = [.. stores];

    /// <summary>The store of that name, or the only one if no name is given.</summary>
    public IMessageStore Get(string? name) => name is null ? GetOnly() : All.First(store => store.Name == name);

    public IMessageStore GetOnly() => All.Count switch
    {
        1 => All[0],
        0 => throw new MessagingException("Messages have nowhere to wait: add .UseEntityFrameworkCore<YourDbContext>() to AddMessaging."),
        _ => throw new MessagingException(
            $"The application has {All.Count} stores ({string.Join(", ", All.Select(store => store.Name))}) and this call does not say which: use db.Publish(...) or db.Send(...) on the DbContext meant."),
    };
}
