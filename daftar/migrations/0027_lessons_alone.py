import django.db.models.deletion
from django.db import migrations, models

# Whatever was planned so far is a lesson of a group, in its branch.
FILLED = """
UPDATE daftar_lesson SET branch_id = g.branch_id FROM daftar_group g
WHERE g.org_id = daftar_lesson.org_id AND g.id = daftar_lesson.group_id;
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('daftar', '0026_topics_and_exams'),
    ]

    operations = [
        migrations.AddField(
            model_name='lesson',
            name='branch',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='daftar.branch'),
        ),
        migrations.RunSQL(FILLED, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='lesson',
            name='branch',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='daftar.branch'),
        ),
        migrations.AddField(
            model_name='lesson',
            name='course',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='daftar.course'),
        ),
        migrations.AddField(
            model_name='lesson',
            name='recurrence',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='daftar.recurrence'),
        ),
        migrations.AddField(
            model_name='lesson',
            name='student',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='daftar.student'),
        ),
        migrations.AddField(
            model_name='lessontype',
            name='colour',
            field=models.CharField(choices=[('blue', 'Blue'), ('green', 'Green'), ('purple', 'Purple'), ('orange', 'Orange'), ('teal', 'Teal'), ('pink', 'Pink'), ('indigo', 'Indigo'), ('cyan', 'Cyan')], default='purple', max_length=10),
        ),
        migrations.AddField(
            model_name='lessontype',
            name='icon',
            field=models.CharField(default='tag', max_length=40),
        ),
        migrations.AddField(
            model_name='lessontype',
            name='is_archived',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='lessontype',
            name='minutes',
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='recurrence',
            name='branch',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='daftar.branch'),
        ),
        migrations.AddField(
            model_name='recurrence',
            name='course',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='daftar.course'),
        ),
        migrations.AddField(
            model_name='recurrence',
            name='student',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='daftar.student'),
        ),
        migrations.AddField(
            model_name='recurrence',
            name='type',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='daftar.lessontype'),
        ),
        migrations.AlterField(
            model_name='lesson',
            name='group',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='daftar.group'),
        ),
        migrations.AlterField(
            model_name='recurrence',
            name='group',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='recurrences', to='daftar.group'),
        ),
        migrations.AddIndex(
            model_name='lesson',
            index=models.Index(condition=models.Q(('student__isnull', False)), fields=['org', 'student', 'held_on'], name='lesson_of_student'),
        ),
        migrations.AddIndex(
            model_name='lesson',
            index=models.Index(condition=models.Q(('recurrence__isnull', False)), fields=['org', 'recurrence'], name='lesson_recurs'),
        ),
        migrations.AddIndex(
            model_name='recurrence',
            index=models.Index(condition=models.Q(('group', None)), fields=['org', 'student'], name='recurrence_alone'),
        ),
        migrations.AddConstraint(
            model_name='lesson',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'cancelled'), _negated=True), fields=('org', 'student', 'held_on', 'starts_time'), name='lesson_of_student_once'),
        ),
        migrations.AddConstraint(
            model_name='lesson',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('course', None), ('group__isnull', False), ('recurrence', None), ('student', None)), models.Q(('course__isnull', False), ('group', None)), _connector='OR'), name='lesson_of_group_or_alone'),
        ),
        migrations.AddConstraint(
            model_name='lessontype',
            constraint=models.CheckConstraint(condition=models.Q(('colour__in', ['blue', 'green', 'purple', 'orange', 'teal', 'pink', 'indigo', 'cyan'])), name='lesson_type_colour_known'),
        ),
        migrations.AddConstraint(
            model_name='lessontype',
            constraint=models.CheckConstraint(condition=models.Q(('minutes', None), ('minutes__range', (5, 720)), _connector='OR'), name='lesson_type_minutes'),
        ),
        migrations.AddConstraint(
            model_name='recurrence',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('branch', None), ('course', None), ('group__isnull', False), ('student', None), ('type', None)), models.Q(('branch__isnull', False), ('course__isnull', False), ('group', None), ('valid_from__isnull', False), ('valid_until__isnull', False)), _connector='OR'), name='recurrence_of_group_or_alone'),
        ),
    ]
