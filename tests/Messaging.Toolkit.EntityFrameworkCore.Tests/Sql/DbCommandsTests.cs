using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Npgsql;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Sql;

public sealed class DbCommandsTests
{
    /// <summary>Otherwise a statement that Npgsql has prepared is parsed again whenever other columns of its row are empty.</summary>
    [Fact]
    public async Task A_prepared_statement_is_used_with_and_without_values()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var connection = new NpgsqlConnection(database.ConnectionString + ";Max Auto Prepare=10;Auto Prepare Min Usages=2");
        await connection.OpenAsync();

        for (var each = 0; each < 2; each++)
        {
            await RunAsync(connection, "a", Guid.NewGuid(), DateTime.UtcNow, 1, 1);
        }

        await RunAsync(connection, null, null, null, null, null);
        await RunAsync(connection, "a", null, DateTime.UtcNow, null, 1);

        await using var uses = new NpgsqlCommand("SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1%'", connection);
        (await uses.ExecuteScalarAsync()).Should().Be(3L, "it was prepared when it came for the second time");
    }

    private static async Task RunAsync(NpgsqlConnection connection, string? text, Guid? id, DateTime? time, int? number, long? large)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT @text, @id, @time, @number, @large";
        command.With("@text", text).With("@id", id).With("@time", time).With("@number", number).With("@large", large);
        await command.ExecuteNonQueryAsync();
    }
}
