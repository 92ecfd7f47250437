from django.db import migrations, models

PLANS = [
    ('per_lesson', 'Per lesson'),
    ('month_spread', 'Month spread over its lessons'),
    ('week_spread', 'Week spread over its lessons'),
    ('daily', 'Each scheduled lesson'),
    ('calendar_month', 'Per calendar month'),
    ('group_month', "Per month from the group's first day"),
    ('student_month', "Per month from the student's first day"),
    ('module', 'Per module'),
    ('whole_course', 'Whole course at once'),
]


class Migration(migrations.Migration):

    dependencies = [
        ('daftar', '0009_search_behind_the_wall'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='course',
            name='course_plan_known',
        ),
        migrations.AlterField(
            model_name='course',
            name='plan',
            field=models.CharField(choices=PLANS, max_length=20),
        ),
        migrations.AlterField(
            model_name='subscription',
            name='plan',
            field=models.CharField(choices=PLANS, max_length=20),
        ),
        migrations.AddConstraint(
            model_name='course',
            constraint=models.CheckConstraint(condition=models.Q(('plan__in', [plan for plan, _label in PLANS])), name='course_plan_known'),
        ),
    ]
