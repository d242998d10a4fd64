using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Tests.Buffers;

public unsafe class ExactCopyTests
{
    [Fact]
    public void Every_length_is_copied_and_nothing_beside_it_is_touched()
    {
        var random = new Random(1);
        byte[] from = new byte[700];
        random.NextBytes(from);
        for (int length = 0; length <= 600; length++)
        {
            int source = random.Next(50);
            int target = random.Next(50);
            byte[] to = new byte[700];
            random.NextBytes(to);
            byte[] expected = [.. to[..target], .. from[source..(source + length)], .. to[(target + length)..]];
            fixed (byte* first = from, destination = to)
            {
                ExactCopy.Copy(first + source, destination + target, length);
            }

            Assert.Equal(expected, to);
        }
    }
}
