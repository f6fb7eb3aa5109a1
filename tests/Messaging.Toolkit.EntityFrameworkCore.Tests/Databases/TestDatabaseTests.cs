using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;

public sealed class TestDatabaseTests
{
    [Theory, EachDatabase]
    public async Task A_row_written_by_one_context_is_read_by_another(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using (var writer = new NotesContext(database.Options<NotesContext>()))
        {
            await writer.Database.EnsureCreatedAsync();
            writer.Notes.Add(new Note { Text = "kept" });
            await writer.SaveChangesAsync();
        }

        await using var reader = new NotesContext(database.Options<NotesContext>());
        (await reader.Notes.SingleAsync()).Text.Should().Be("kept");
    }

    [Theory, EachDatabase]
    public async Task Databases_of_tests_that_run_at_the_same_time_are_apart(DatabaseKind kind)
    {
        var counts = await Task.WhenAll(Enumerable.Range(1, 4).Select(async rows =>
        {
            await using var database = await TestDatabase.CreateAsync(kind);
            await using var context = new NotesContext(database.Options<NotesContext>());
            await context.Database.EnsureCreatedAsync();
            context.Notes.AddRange(Enumerable.Range(1, rows).Select(row => new Note { Text = $"row {row}" }));
            await context.SaveChangesAsync();
            return await context.Notes.CountAsync();
        }));

        counts.Should().Equal(1, 2, 3, 4);
    }

    [Theory, EachDatabase]
    public async Task A_disposed_database_is_gone_even_if_a_connection_was_left_open(DatabaseKind kind)
    {
        var database = await TestDatabase.CreateAsync(kind);
        await using var context = new NotesContext(database.Options<NotesContext>());
        await context.Database.EnsureCreatedAsync();
        await context.Database.OpenConnectionAsync();

        await database.DisposeAsync();

        await using var late = new NotesContext(database.Options<NotesContext>());
        (await late.Database.CanConnectAsync()).Should().BeFalse();
    }

    sealed class NotesContext(DbContextOptions<NotesContext> options) : DbContext(options)
    {
        public DbSet<Note> Notes => Set<Note>();
    }

    sealed class Note
    {
        public int Id { get; init; }
        public required string Text { get; init; }
    }
}
