using Sleeper.Ingest.Core.Jobs;

namespace Sleeper.Ingest.Core.Tests.Jobs;

public sealed class JobRunIdsTests
{
    [Fact]
    public void C18_Ids_are_new_each_time_and_tell_whose_they_are()
    {
        string one = JobRunIds.New("table", "job/m/j"), other = JobRunIds.New("table", "job/m/j");

        Assert.NotEqual(one, other);
        Assert.All(new[] { one, other }, id => Assert.True(JobRunIds.IsOf(id, "table", "job/m/j")));
        Assert.False(JobRunIds.IsOf(one, "table", "job/m/k"));
        Assert.False(JobRunIds.IsOf(one, "table-2", "job/m/j"));
        Assert.False(JobRunIds.IsOf(null, "table", "job/m/j"));
        Assert.Equal((4, one), (Guid.ParseExact(one, "D").Version, Guid.ParseExact(one, "D").ToString("D")));
        Assert.InRange(Guid.ParseExact(one, "D").Variant, 8, 11);
    }
}
