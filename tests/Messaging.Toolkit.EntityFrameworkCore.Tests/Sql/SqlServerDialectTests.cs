using System.Data.Common;
using System.Text;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Stores;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Sagas.Storage;
using Messaging.Toolkit.Scheduling;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Sql;

/// <summary>
/// There is no SQL Server to try the statements on, so their texts are kept here, read and approved: a change is seen.
/// The names are quoted by the database that stands in, with "" instead of [].
/// </summary>
public sealed class SqlServerDialectTests
{
    [Fact]
    public void The_statements_are_the_approved_ones()
    {
        using var db = new ShopDb(new DbContextOptionsBuilder<ShopDb>().UseSqlite("Data Source=:memory:").Options);
        var sql = new SqlServerDialect(new TableNames(db), TimeProvider.System);
        var id = Guid.Empty;
        var message = new OutgoingMessage(
            new MessageEnvelope { Id = id, Type = "t", Source = "s", Time = default, ContentType = "c", ConversationId = id, Body = default }, "d", 1);
        var letter = new DeadLetter { Endpoint = "e", MessageId = id, Type = "t", Headers = "{}", Body = default, Reason = "r", Attempts = 1 };

        var parked = new ParkedMessage { Id = 1, Endpoint = "e", MessageId = id, Type = "t", Key = "k", Headers = "{}", Body = default };
        var saga = StoredSagas.New(default);
        var entry = StoredSagas.Entry(1, SagaEvent.Started, default);

        var view = new SagaView { Id = id, Definition = "d", Version = 1, Endpoint = "e", Correlation = "c", Status = default, Position = "", CreatedAt = default, ChangedAt = default, State = "{}" };

        var statements = new StringBuilder();
        Show(sql.InsertMessages(db, null, [message, message]).Single());
        Show(sql.ReadMessages(db, new OutboxQuery([new("a", 10, [], []), new("b", 20, [7, 8], ["k1", "k2"])], [1, 2])));
        Show(sql.ReadMessages(db, new OutboxQuery([new("a", 10, [], [])], [.. Enumerable.Range(0, 64)])));
        Show(sql.DeleteMessages(db, [1, 2]));
        Show(sql.Claim(db, "e", id));
        Show(sql.Claim(db, "e", id, "k"));
        Show(sql.CountClaims(db, "e", id));
        Show(sql.ReadNthClaim(db, default, 1000));
        Show(sql.DeleteClaims(db, default));
        Show(sql.Leases.Read(db));
        Show(sql.Leases.Take(db, "o", ["x", "y"], TimeSpan.FromSeconds(10), now: null));
        Show(sql.Leases.Create(db, "o", ["x"], TimeSpan.FromSeconds(10), now: null).Single());
        Show(sql.Leases.Release(db, "o", ["x"]));
        Show(sql.Leases.Delete(db, ["x"]));
        Show(sql.Parking.LockHead(db, null, "e", "k"));
        Show(sql.Parking.CountOfKey(db, null, "e", "k"));
        Show(sql.Parking.Insert(db, null, parked, null, null));
        Show(sql.Parking.Postpone(db, parked, parked, default, default));
        Show(sql.Parking.Release(db, parked));
        Show(sql.Parking.Remove(db, null, parked));
        Show(sql.Parking.Remove(db, null, parked with { Key = null }));
        Show(sql.Parking.PromoteNext(db, null, "e", "k"));
        Show(sql.Parking.Hold(db, null, parked));
        Show(sql.Parking.CountById(db, 1));
        Show(sql.Parking.ReadDue(db, null, ["a", "b"], 10));
        Show(sql.DeadLetters.Insert(db, null, letter, null));
        Show(sql.DeadLetters.Insert(db, null, letter, default(DateTime)));
        Show(sql.DeadLetters.ReadFirstFailure(db, null, 1));
        Show(sql.DeadLetters.Read(db, new DeadLetterQuery { Endpoint = "e", MessageId = id, Type = "t", Key = "k", ExceptionType = "x", Origin = DeadLetterOrigin.Outbox, Since = default(DateTimeOffset), Until = default(DateTimeOffset) }, 10));
        Show(sql.DeadLetters.ReadIds(db, null, new DeadLetterQuery(), 10));
        Show(sql.DeadLetters.Claim(db, null, [1, 2]));
        Show(sql.DeadLetters.LetGo(db, null, [1, 2]));
        Show(sql.DeadLetters.Park(db, null, [1, 2]));
        Show(sql.DeadLetters.Resend(db, null, 1, 7));
        Show(sql.DeadLetters.Unclaim(db, null, "e", id));
        Show(sql.DeadLetters.RemoveHolders(db, null, [1, 2]));
        Show(sql.DeadLetters.Delete(db, null, [1, 2]));
        Show(sql.Sagas.Read(db, id));
        Show(sql.Sagas.Write(db, saga, []).Single().Command);
        Show(sql.Sagas.Write(db, saga with { Revision = 2 }, [entry, entry]).Single().Command);
        Show(sql.Sagas.MarkStuck(db, null, id, "r", stopsTimeouts: false));
        Show(sql.Sagas.AddStuck(db, null, id, "r", null));
        Show(sql.Sagas.ReadDue(db, null, ["a", "b"], 10));
        Show(sql.Sagas.MoveDue(db, null, new(new DueSaga(id, "d", default), 1), default));
        Show(sql.Schedule.Insert(db, null, [message with { Schedule = new(TimeSpan.FromHours(1), null, "s") }, message with { Schedule = new(null, default(DateTimeOffset), null) }]).Single());
        Show(sql.Schedule.Cancel(db, null, ["a", "b"]));
        Show(sql.Schedule.ReadFirst(db));
        Show(sql.Schedule.FindDue(db, null, 10));
        Show(sql.Schedule.CopyToOutbox(db, null, [1, 2]));
        Show(sql.Schedule.Delete(db, null, [1, 2]));
        Show(sql.Schedule.ReadRecurring(db, ["a", "b"]));
        Show(sql.Schedule.InsertRecurring(db, new RecurringRecord("n", "e", default)));
        Show(sql.Schedule.ReplaceRecurring(db, new RecurringRecord("n", "e", default), "o"));
        Show(sql.Schedule.NoteTick(db, null, new RecurringRecord("n", "e", default)));
        Show(sql.SagaCatalogue.Find(db, [id, id]));
        Show(sql.SagaCatalogue.FindEnded(db, [id, id]));
        Show(sql.SagaCatalogue.Query(db, new SagaQuery()));
        Show(sql.SagaCatalogue.Query(db, new SagaQuery { Definition = "d", Status = SagaStatus.Stuck, Correlation = "c", CreatedFrom = default(DateTime), CreatedBefore = default(DateTime), After = view, Limit = 10 }));
        Show(sql.SagaCatalogue.ReadHistory(db, id, 0, 10));
        Show(sql.SagaCatalogue.ReadStandings(db));
        Show(sql.SagaCatalogue.ReadProgress(db, "d", 1, "s", id, 10));
        Show(sql.SagaCatalogue.FindFinished(db, default, 10));
        Show(sql.SagaCatalogue.DeleteFinished(db, null, default, [id, id]));
        Show(sql.SagaCatalogue.DeleteHistory(db, null, [id, id]));

        statements.ToString().Should().Be(Approved);

        void Show(DbCommand command)
        {
            using (command)
            {
                statements.Append(command.CommandText.Replace("\"", "", StringComparison.Ordinal)).Append('\n');
                command.Parameters.Cast<DbParameter>().Should().NotContain(parameter => !command.CommandText.Contains(parameter.ParameterName), "each parameter is used");
            }
        }
    }

    [Fact]
    public void An_insert_that_looks_first_locks_the_range_it_looked_at()
        => Approved.Split('\n').Where(line => line.Contains(" WHERE NOT EXISTS", StringComparison.Ordinal))
            .Should().HaveCount(7).And.OnlyContain(line => line.Contains("WITH (UPDLOCK, HOLDLOCK)"));

    private const string Approved =
        """
        INSERT INTO messaging_outbox (message_id, destination, bucket, partition_key, type, headers, body, created_at) VALUES (@p0, @p1, @p2, @p3, @p4, @p5, @p6, SYSUTCDATETIME()), (@p7, @p8, @p9, @p10, @p11, @p12, @p13, SYSUTCDATETIME())
        SELECT * FROM (SELECT id, destination, bucket, message_id, type, partition_key, headers, body FROM messaging_outbox WHERE destination = @d0 AND bucket IN (1,2) ORDER BY id OFFSET 0 ROWS FETCH NEXT 10 ROWS ONLY) q0 UNION ALL SELECT * FROM (SELECT id, destination, bucket, message_id, type, partition_key, headers, body FROM messaging_outbox WHERE destination = @d1 AND bucket IN (1,2) AND id NOT IN (7,8) AND (partition_key IS NULL OR partition_key NOT IN (@k1_0, @k1_1)) ORDER BY id OFFSET 0 ROWS FETCH NEXT 20 ROWS ONLY) q1
        SELECT * FROM (SELECT id, destination, bucket, message_id, type, partition_key, headers, body FROM messaging_outbox WHERE destination = @d0 ORDER BY id OFFSET 0 ROWS FETCH NEXT 10 ROWS ONLY) q0
        DELETE FROM messaging_outbox WHERE id IN (1,2)
        INSERT INTO messaging_claim (endpoint, message_id, claimed_at) SELECT @e, @m, SYSUTCDATETIME() WHERE NOT EXISTS (SELECT 1 FROM messaging_claim WITH (UPDLOCK, HOLDLOCK) WHERE endpoint = @e AND message_id = @m)
        INSERT INTO messaging_claim (endpoint, message_id, claimed_at) SELECT @e, @m, SYSUTCDATETIME() WHERE NOT EXISTS (SELECT 1 FROM messaging_claim WITH (UPDLOCK, HOLDLOCK) WHERE endpoint = @e AND message_id = @m) AND NOT EXISTS (SELECT 1 FROM messaging_parked AS p WHERE p.endpoint = @e AND p.partition_key = @k)
        SELECT COUNT(*) FROM messaging_claim WHERE endpoint = @e AND message_id = @m
        SELECT claimed_at FROM messaging_claim WHERE claimed_at < @before ORDER BY claimed_at OFFSET 999 ROWS FETCH NEXT 1 ROWS ONLY
        DELETE FROM messaging_claim WHERE claimed_at <= @until
        SELECT name, owner, epoch, expires_at, SYSUTCDATETIME() FROM messaging_lease
        UPDATE messaging_lease SET epoch = CASE WHEN owner = @owner THEN epoch ELSE epoch + 1 END, owner = @owner, expires_at = DATEADD(millisecond, @until_ms, DATEADD(day, @until, SYSUTCDATETIME())) WHERE name IN (@n0, @n1) AND (owner IS NULL OR owner = @owner OR expires_at <= SYSUTCDATETIME())
        INSERT INTO messaging_lease (name, owner, epoch, expires_at) SELECT @n, @o, 1, DATEADD(millisecond, @until_ms, DATEADD(day, @until, SYSUTCDATETIME())) WHERE NOT EXISTS (SELECT 1 FROM messaging_lease WITH (UPDLOCK, HOLDLOCK) WHERE name = @n)
        UPDATE messaging_lease SET owner = NULL WHERE owner = @owner AND name IN (@n0)
        DELETE FROM messaging_lease WHERE expires_at < SYSUTCDATETIME() AND name IN (@n0)
        UPDATE messaging_parked SET due_at = due_at WHERE id = (SELECT MIN(id) FROM messaging_parked WHERE endpoint = @e AND partition_key = @k)
        SELECT COUNT(*) FROM messaging_parked WHERE endpoint = @e AND partition_key = @k
        INSERT INTO messaging_parked (endpoint, message_id, type, partition_key, headers, body, attempts, delays, first_failed_at, due_at) VALUES (@e, @m, @t, @k, @h, @b, @a, @d, @failed, @due)
        UPDATE messaging_parked SET attempts = @a, delays = @d, first_failed_at = COALESCE(first_failed_at, @now), due_at = @due WHERE id = @id AND due_at IS NOT NULL AND attempts = @taken_attempts AND delays = @taken_delays
        UPDATE messaging_parked SET due_at = SYSUTCDATETIME() WHERE id = @id AND due_at IS NOT NULL AND attempts = @taken_attempts AND delays = @taken_delays
        DELETE FROM messaging_parked WHERE id = @id AND due_at IS NOT NULL AND attempts = @taken_attempts AND delays = @taken_delays AND NOT EXISTS (SELECT 1 FROM messaging_parked AS q WHERE q.endpoint = @e AND q.partition_key = @k AND q.id < @id)
        DELETE FROM messaging_parked WHERE id = @id AND due_at IS NOT NULL AND attempts = @taken_attempts AND delays = @taken_delays
        UPDATE messaging_parked SET due_at = SYSUTCDATETIME() WHERE due_at IS NULL AND id = (SELECT MIN(id) FROM messaging_parked WHERE endpoint = @e AND partition_key = @k) AND NOT EXISTS (SELECT 1 FROM messaging_dead_letter AS l WHERE l.endpoint = messaging_parked.endpoint AND l.message_id = messaging_parked.message_id)
        UPDATE messaging_parked SET due_at = NULL WHERE id = @id AND due_at IS NOT NULL AND attempts = @taken_attempts AND delays = @taken_delays
        SELECT COUNT(*) FROM messaging_parked WHERE id = @id
        SELECT p.id, p.endpoint, p.message_id, p.type, p.partition_key, p.headers, p.body, p.attempts, p.delays FROM messaging_parked AS p WHERE p.due_at <= SYSUTCDATETIME() AND (p.partition_key IS NULL OR NOT EXISTS (SELECT 1 FROM messaging_parked AS q WHERE q.endpoint = p.endpoint AND q.partition_key = p.partition_key AND q.id < p.id)) AND p.endpoint IN (@endpoint0, @endpoint1) ORDER BY p.due_at OFFSET 0 ROWS FETCH NEXT 10 ROWS ONLY
        INSERT INTO messaging_dead_letter (endpoint, message_id, origin, type, partition_key, headers, body, reason, exception_type, failure, attempts, first_failed_at, dead_at) SELECT @e, @m, @o, @t, @k, @h, @b, @r, @x, @f, @a, SYSUTCDATETIME(), SYSUTCDATETIME() WHERE NOT EXISTS (SELECT 1 FROM messaging_dead_letter WITH (UPDLOCK, HOLDLOCK) WHERE endpoint = @e AND message_id = @m)
        INSERT INTO messaging_dead_letter (endpoint, message_id, origin, type, partition_key, headers, body, reason, exception_type, failure, attempts, first_failed_at, dead_at) SELECT @e, @m, @o, @t, @k, @h, @b, @r, @x, @f, @a, @failed, SYSUTCDATETIME() WHERE NOT EXISTS (SELECT 1 FROM messaging_dead_letter WITH (UPDLOCK, HOLDLOCK) WHERE endpoint = @e AND message_id = @m)
        SELECT first_failed_at FROM messaging_parked WHERE id = @id
        SELECT id, origin, endpoint, message_id, type, partition_key, headers, body, reason, exception_type, failure, attempts, first_failed_at, dead_at FROM messaging_dead_letter WHERE id > @after AND endpoint = @e AND message_id = @m AND type = @t AND partition_key = @k AND exception_type = @x AND origin = @o AND dead_at >= @since AND dead_at < @until ORDER BY id OFFSET 0 ROWS FETCH NEXT 10 ROWS ONLY
        SELECT id, origin, endpoint, message_id, partition_key FROM messaging_dead_letter WHERE id > @after ORDER BY id OFFSET 0 ROWS FETCH NEXT 10 ROWS ONLY
        INSERT INTO messaging_claim (endpoint, message_id, claimed_at) SELECT l.endpoint, l.message_id, SYSUTCDATETIME() FROM messaging_dead_letter AS l WHERE l.id IN (@id0, @id1) AND NOT EXISTS (SELECT 1 FROM messaging_claim AS c WHERE c.endpoint = l.endpoint AND c.message_id = l.message_id)
        UPDATE messaging_parked SET due_at = SYSUTCDATETIME(), attempts = 0, delays = 0 WHERE due_at IS NULL AND EXISTS (SELECT 1 FROM messaging_dead_letter AS l WHERE l.endpoint = messaging_parked.endpoint AND l.message_id = messaging_parked.message_id AND l.id IN (@id0, @id1))
        INSERT INTO messaging_parked (endpoint, message_id, type, partition_key, headers, body, attempts, delays, due_at) SELECT l.endpoint, l.message_id, l.type, l.partition_key, l.headers, l.body, 0, 0, CASE WHEN l.partition_key IS NULL OR ROW_NUMBER() OVER (PARTITION BY l.endpoint, l.partition_key ORDER BY l.id) = 1 THEN SYSUTCDATETIME() ELSE NULL END FROM messaging_dead_letter AS l WHERE l.id IN (@id0, @id1) AND NOT EXISTS (SELECT 1 FROM messaging_parked AS p WHERE p.endpoint = l.endpoint AND p.message_id = l.message_id) ORDER BY l.id
        INSERT INTO messaging_outbox (message_id, destination, bucket, partition_key, type, headers, body, created_at) SELECT message_id, endpoint, @bucket, partition_key, type, headers, body, SYSUTCDATETIME() FROM messaging_dead_letter WHERE id = @id
        DELETE FROM messaging_claim WHERE endpoint = @e AND message_id = @m
        DELETE FROM messaging_parked WHERE due_at IS NULL AND EXISTS (SELECT 1 FROM messaging_dead_letter AS l WHERE l.endpoint = messaging_parked.endpoint AND l.message_id = messaging_parked.message_id AND l.id IN (@id0, @id1))
        DELETE FROM messaging_dead_letter WHERE id IN (@id0, @id1)
        SELECT id, definition, endpoint, correlation, revision, version, shape, status, position, state, progress, reason, due_at, created_at, changed_at, history_length, failure FROM messaging_saga WITH (UPDLOCK) WHERE id = @id
        INSERT INTO messaging_saga (id, definition, endpoint, correlation, revision, version, shape, status, position, state, progress, reason, due_at, created_at, changed_at, history_length, failure) SELECT @id, @definition, @endpoint, @correlation, @revision, @version, @shape, @status, @position, @state, @progress, @reason, @due_at, @created_at, @changed_at, @history_length, @failure WHERE NOT EXISTS (SELECT 1 FROM messaging_saga WITH (UPDLOCK, HOLDLOCK) WHERE id = @id)
        UPDATE messaging_saga SET definition = @definition, endpoint = @endpoint, correlation = @correlation, revision = @revision, version = @version, shape = @shape, status = @status, position = @position, state = @state, progress = @progress, reason = @reason, due_at = @due_at, created_at = @created_at, changed_at = @changed_at, history_length = @history_length, failure = @failure WHERE id = @id AND revision = @revision - 1; IF @@ROWCOUNT = 1 INSERT INTO messaging_saga_history (saga_id, sequence, at, event, step, message_id, detail, failure) VALUES (@id, @h0, @h1, @h2, @h3, @h4, @h5, @h6), (@id, @h7, @h8, @h9, @h10, @h11, @h12, @h13)
        UPDATE messaging_saga SET status = 'Stuck', reason = @reason, failure = 'Broken', revision = revision + 1, history_length = history_length + 1, changed_at = SYSUTCDATETIME() WHERE id = @id AND status IN ('Running', 'Compensating')
        INSERT INTO messaging_saga_history (saga_id, sequence, at, event, step, message_id, detail, failure) SELECT id, history_length, SYSUTCDATETIME(), 'Stuck', NULL, @message, @detail, 'Broken' FROM messaging_saga WHERE id = @id
        SELECT id, definition, due_at, revision FROM messaging_saga WHERE due_at <= SYSUTCDATETIME() AND definition IN (@definition0, @definition1) ORDER BY due_at OFFSET 0 ROWS FETCH NEXT 10 ROWS ONLY
        UPDATE messaging_saga SET due_at = @again WHERE id = @id AND revision = @revision AND due_at <= SYSUTCDATETIME()
        INSERT INTO messaging_schedule (schedule_id, due_at, message_id, destination, bucket, partition_key, type, headers, body, created_at) VALUES (@schedule0, DATEADD(millisecond, @due0_ms, DATEADD(day, @due0, SYSUTCDATETIME())), @id0, @destination0, @bucket0, @key0, @type0, @headers0, @body0, SYSUTCDATETIME()), (@schedule1, @due1, @id1, @destination1, @bucket1, @key1, @type1, @headers1, @body1, SYSUTCDATETIME())
        DELETE FROM messaging_schedule WHERE schedule_id IN (@schedule0, @schedule1)
        SELECT due_at, SYSUTCDATETIME() FROM messaging_schedule ORDER BY due_at, id OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY
        SELECT id FROM messaging_schedule WITH (UPDLOCK) WHERE due_at <= SYSUTCDATETIME() ORDER BY due_at, id OFFSET 0 ROWS FETCH NEXT 10 ROWS ONLY
        INSERT INTO messaging_outbox (message_id, destination, bucket, partition_key, type, headers, body, created_at) SELECT message_id, destination, bucket, partition_key, type, headers, body, SYSUTCDATETIME() FROM messaging_schedule WHERE id IN (1,2) ORDER BY due_at, id
        DELETE FROM messaging_schedule WHERE id IN (1,2)
        SELECT name, expression, last_tick FROM messaging_recurring WHERE name IN (@name0, @name1)
        INSERT INTO messaging_recurring (name, expression, last_tick) SELECT @name, @expression, @tick WHERE NOT EXISTS (SELECT 1 FROM messaging_recurring WITH (UPDLOCK, HOLDLOCK) WHERE name = @name)
        UPDATE messaging_recurring SET expression = @expression, last_tick = @tick WHERE name = @name AND expression = @replaces AND last_tick < @tick
        UPDATE messaging_recurring SET last_tick = @tick WHERE name = @name AND last_tick < @tick
        SELECT id, definition, endpoint, correlation, revision, version, shape, status, position, state, progress, reason, due_at, created_at, changed_at, history_length, failure FROM messaging_saga WHERE id IN (@id0, @id1)
        SELECT id, definition, endpoint, correlation, revision, version, shape, status, position, state, progress, reason, due_at, created_at, changed_at, history_length, failure FROM messaging_saga WHERE id IN (@id0, @id1) AND status IN ('Completed', 'Compensated', 'Stuck')
        SELECT id, definition, endpoint, correlation, revision, version, shape, status, position, state, progress, reason, due_at, created_at, changed_at, history_length, failure FROM messaging_saga ORDER BY created_at DESC, id DESC OFFSET 0 ROWS FETCH NEXT 100 ROWS ONLY
        SELECT id, definition, endpoint, correlation, revision, version, shape, status, position, state, progress, reason, due_at, created_at, changed_at, history_length, failure FROM messaging_saga WHERE definition = @definition AND status = @status AND correlation = @correlation AND created_at >= @from AND created_at < @before AND (created_at < @at OR (created_at = @at AND id < @after)) ORDER BY created_at DESC, id DESC OFFSET 0 ROWS FETCH NEXT 10 ROWS ONLY
        SELECT saga_id, sequence, at, event, step, message_id, detail, failure FROM messaging_saga_history WHERE saga_id = @id AND sequence > @after ORDER BY sequence OFFSET 0 ROWS FETCH NEXT 10 ROWS ONLY
        SELECT definition, version, shape, status, position, COUNT(*) FROM messaging_saga WHERE status NOT IN ('Completed', 'Compensated') OR due_at IS NOT NULL GROUP BY definition, version, shape, status, position
        SELECT id, progress FROM messaging_saga WHERE definition = @definition AND version = @version AND shape = @shape AND (status NOT IN ('Completed', 'Compensated') OR due_at IS NOT NULL) AND id > @after ORDER BY id OFFSET 0 ROWS FETCH NEXT 10 ROWS ONLY
        SELECT id FROM messaging_saga WHERE changed_at < @before AND (status IN ('Completed', 'Compensated') OR status = 'Running' AND position = '') AND due_at IS NULL ORDER BY changed_at OFFSET 0 ROWS FETCH NEXT 10 ROWS ONLY
        DELETE FROM messaging_saga WHERE id IN (@id0, @id1) AND changed_at < @before AND (status IN ('Completed', 'Compensated') OR status = 'Running' AND position = '') AND due_at IS NULL
        DELETE FROM messaging_saga_history WHERE saga_id IN (@of0, @of1) AND saga_id NOT IN (SELECT id FROM messaging_saga WHERE id IN (@id0, @id1))

        """;
}
