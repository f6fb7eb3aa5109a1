using System.Buffers;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Tests.Messages;

public sealed class BoundedBufferWriterTests
{
    [Fact]
    public void It_takes_what_fits_in_any_pieces()
    {
        using var buffer = new BoundedBufferWriter(1000);
        var bytes = Enumerable.Range(0, 1000).Select(value => (byte)value).ToArray();
        for (var i = 0; i < 1000; i += 125)
        {
            buffer.Write(bytes.AsSpan(i, 125));
        }

        buffer.WrittenSpan.ToArray().Should().Equal(bytes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(256)]
    [InlineData(1000)]
    public void One_byte_more_than_the_limit_is_refused_with_the_limit_and_a_way_out(int limit)
    {
        using var buffer = new BoundedBufferWriter(limit);
        buffer.Write(new byte[limit]);

        buffer.Invoking(x => x.Write(new byte[1])).Should().Throw<MessagingException>().WithMessage($"*limit of {limit} bytes (Limits.MaxBodyBytes)*a reference to the data*");
    }

    [Fact]
    public void It_never_holds_more_than_the_limit()
    {
        using var buffer = new BoundedBufferWriter(10);
        buffer.Write(new byte[4]);
        buffer.Invoking(x => x.Write(new byte[100_000])).Should().Throw<MessagingException>();

        buffer.WrittenSpan.Length.Should().BeLessThanOrEqualTo(10);
    }
}
